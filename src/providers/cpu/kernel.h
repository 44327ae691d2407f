// What a CPU kernel is: how it packs B (the weights, once), how it packs A (the activations, in
// each launch), and how it multiplies one thread's share of D from both.
//
//   B   [panel][panel_columns columns, all of K]    a panel is what one thread multiplies at least
//   A   [row block][rows of the block, all of K]    at most max_rows rows, or as row_blocks says
//   D   [m][n], row-major
//
// Files compiled for different instruction sets all include this header. Functions here are always
// inlined: of two compiled copies of a function the linker keeps one, which could be the one with
// instructions that this machine does not have.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "core/data_type.h"
#include "core/parallel.h"
#include "core/problem.h"
#include "core/processor.h"
#include "core/rounding.h"

namespace twofour::providers::cpu {

/// Packs panels [panels.begin, panels.end) of B. A panel is Kernel::panel_columns consecutive
/// columns; the last one is padded with zeros. Threads can pack different ranges at the same time.
struct PackBArgs {
  const void* weights = nullptr;  ///< [n][k] of the kernel's type, row-major, 2:4 if it is sparse
  std::int64_t n = 0;
  std::int64_t k = 0;
  std::byte* packed_b = nullptr;  ///< Kernel::packed_b_bytes(n, k), 64-byte aligned
  Range panels;
};

/// Packs tasks [tasks.begin, tasks.end) of A into the form that run reads. A task is a row block,
/// or what Kernel::pack_a_tasks counts. Threads can do different tasks at the same time.
struct PackAArgs {
  const void* activations = nullptr;  ///< [m][k] of the kernel's type, row-major
  std::int64_t m = 0;
  std::int64_t k = 0;
  std::byte* packed_a = nullptr;  ///< Kernel::packed_a_bytes(m, k), 64-byte aligned
  Range tasks;
};

/// What the epilogue does with accumulators: D = scale_a * scale_b * accumulator + bias in float32,
/// rounded once to `d_type`.
struct Output {
  const float* scale_a = nullptr;   ///< [m] if scale_a_per_row, else [1]
  const float* scale_b = nullptr;   ///< [n] if scale_b_per_column, else [1]
  bool scale_a_per_row = false;     ///< per-row scales
  bool scale_b_per_column = false;  ///< per-channel scales
  const void* bias = nullptr;       ///< [n] of d_type, or null
  DataType d_type = DataType::kBf16;
  void* d = nullptr;  ///< [m][n] of d_type, row-major
};

/// One thread's share of D: row blocks `blocks` times panels `panels`.
struct RunArgs {
  GemmShape shape;
  const std::byte* packed_b = nullptr;
  const std::byte* packed_a = nullptr;
  std::byte* scratch = nullptr;  ///< Kernel::scratch_bytes of this thread's own, 64-byte aligned
  Range panels;
  Range blocks;
  Output output;
};

/// One kernel: one instruction set, one operand type, dense or 2:4. Output type, scales and bias
/// are arguments of its epilogue (Output), not kernels of their own.
struct Kernel {
  std::string_view name;     ///< for people: how it multiplies
  Isa isa = Isa::kPortable;  ///< whose folder it is in, and what records call it
  Features needs;            ///< of the processor: what its source file is compiled for, and more
  DataType type = DataType::kInt8;
  Sparsity sparsity = Sparsity::kDense;
  int panel_columns = 1;
  int max_rows = 1;    ///< rows of a row block
  int spare_rows = 0;  ///< rows that are spread over full row blocks before there is one more block
  int min_rows = 1;    ///< with fewer rows another kernel is faster; this one still works
  int k_multiple = 1;  ///< K is padded with zeros to a multiple of this
  /// Of a 2:4 kernel: whether its dense twin was measured to be as fast or faster for such a
  /// problem, so that dense is meant there. It is not run instead: what was asked for is measured.
  /// Null: nowhere.
  bool (*dense_is_meant)(std::int64_t m, std::int64_t k) = nullptr;

  /// Bytes of packed B: panel_count times the bytes of one panel.
  std::size_t (*packed_b_bytes)(std::int64_t n, std::int64_t k) = nullptr;
  void (*pack_b)(const PackBArgs&) = nullptr;
  std::size_t (*packed_a_bytes)(std::int64_t m, std::int64_t k) = nullptr;
  void (*pack_a)(const PackAArgs&) = nullptr;
  /// Number of row blocks; null when it follows from max_rows and spare_rows (block_count).
  std::int64_t (*row_blocks)(std::int64_t m, std::int64_t k) = nullptr;
  /// Number of tasks of pack_a; null when they are the row blocks.
  std::int64_t (*pack_a_tasks)(std::int64_t m, std::int64_t k) = nullptr;
  /// Scratch memory of one thread; null when run needs none.
  std::size_t (*scratch_bytes)(const GemmShape& shape) = nullptr;
  void (*run)(const RunArgs&) = nullptr;
};

[[gnu::always_inline]] constexpr std::int64_t panel_count(const Kernel& kernel, std::int64_t n) {
  return ceil_div(n, kernel.panel_columns);
}

/// Number of row blocks that m rows are cut into.
[[gnu::always_inline]] constexpr std::int64_t block_count(std::int64_t m, int max_rows,
                                                          int spare_rows = 0) {
  return m <= spare_rows ? 1 : (m - spare_rows + max_rows - 1) / max_rows;
}
[[gnu::always_inline]] constexpr std::int64_t block_count(const Kernel& kernel, std::int64_t m,
                                                          std::int64_t k) {
  return kernel.row_blocks != nullptr ? kernel.row_blocks(m, k)
                                      : block_count(m, kernel.max_rows, kernel.spare_rows);
}

/// Number of tasks of Kernel::pack_a.
[[gnu::always_inline]] inline std::int64_t pack_a_task_count(const Kernel& kernel, std::int64_t m,
                                                             std::int64_t k) {
  return kernel.pack_a_tasks != nullptr ? kernel.pack_a_tasks(m, k) : block_count(kernel, m, k);
}

/// Rows of row block `block` of `blocks`. Blocks differ by at most one row: with one row more than
/// a full block the rows are halved, where a block of a single row would cost as much as a full
/// one.
[[gnu::always_inline]] constexpr Range rows_of_block(std::int64_t m, std::int64_t blocks,
                                                     std::int64_t block) {
  return {m * block / blocks, m * (block + 1) / blocks};
}

}  // namespace twofour::providers::cpu
