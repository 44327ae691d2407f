// What a CPU kernel is: how it packs weights, how it converts activations, and how it multiplies a
// share of the output. Files compiled for different instruction sets all include this: functions
// here are always inlined, for of two compiled copies the linker might keep the one that this
// machine cannot run.
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

/// Packs panels [panels.begin, panels.end) of the weights. A panel is Kernel::panel_columns
/// consecutive columns of B, the last one padded with zeros; ranges may be packed by different
/// threads.
struct PackArgs {
  const void* weights = nullptr;  ///< [n][k] of the kernel's type, row-major, 2:4 if it is sparse
  std::int64_t n = 0;
  std::int64_t k = 0;
  std::byte* packed = nullptr;  ///< the whole packed form: Kernel::packed_bytes(n, k), 64-aligned
  Range panels;
};

/// Converts units [units.begin, units.end) of the activations into the form that run reads. A unit
/// is a row block, or what Kernel::convert_units counts.
struct ConvertArgs {
  const void* activations = nullptr;  ///< [m][k] of the kernel's type, row-major
  std::int64_t m = 0;
  std::int64_t k = 0;
  std::byte* converted = nullptr;  ///< Kernel::converted_bytes(m, k), 64-aligned
  Range units;
};

/// What becomes of the sums: D = scale_a * scale_b * sum + bias in float32, rounded once to
/// `d_type`.
struct Output {
  const float* scale_a = nullptr;
  const float* scale_b = nullptr;
  bool scale_a_per_row = false;     ///< scale_a has m entries; otherwise one
  bool scale_b_per_column = false;  ///< scale_b has n entries; otherwise one
  const void* bias = nullptr;       ///< [n] of d_type, or null
  DataType d_type = DataType::kBf16;
  void* d = nullptr;  ///< [m][n] of d_type, row-major
};

/// Multiplies row blocks `blocks` with panels `panels`. Both are one thread's share.
struct RunArgs {
  GemmShape shape;
  const std::byte* packed = nullptr;
  const std::byte* converted = nullptr;
  std::byte* scratch = nullptr;  ///< this thread's own Kernel::scratch_bytes, 64-aligned
  Range panels;
  Range blocks;
  Output output;
};

/// One kernel: one instruction set, one type, dense or 2:4. All output types, scale schemes and
/// biases are the same kernel with another Output.
struct Kernel {
  std::string_view name;     ///< for people: how it multiplies
  Isa isa = Isa::kPortable;  ///< whose folder it is in, and what records call it
  Features needs;            ///< of the processor: what its source file is compiled for, and more
  DataType type = DataType::kInt8;
  Sparsity sparsity = Sparsity::kDense;
  int panel_columns = 1;
  int max_rows = 1;    ///< of a row block
  int spare_rows = 0;  ///< that row blocks together may take on top, before there is one more
  int min_rows = 1;    ///< with fewer rows another kernel is meant to run; this one could
  int k_multiple = 1;  ///< K is padded with zeros to a multiple of this

  /// Panels follow each other: this is panel_count times the bytes of one panel.
  std::size_t (*packed_bytes)(std::int64_t n, std::int64_t k) = nullptr;
  void (*pack)(const PackArgs&) = nullptr;
  std::size_t (*converted_bytes)(std::int64_t m, std::int64_t k) = nullptr;
  void (*convert)(const ConvertArgs&) = nullptr;
  /// Row blocks of a launch; null when max_rows and spare_rows tell.
  std::int64_t (*row_blocks)(std::int64_t m, std::int64_t k) = nullptr;
  /// Units that convert works on; null when they are the row blocks.
  std::int64_t (*convert_units)(std::int64_t m, std::int64_t k) = nullptr;
  /// Null when run needs no scratch.
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

/// Number of units that Kernel::convert works on.
[[gnu::always_inline]] inline std::int64_t convert_unit_count(const Kernel& kernel, std::int64_t m,
                                                              std::int64_t k) {
  return kernel.convert_units != nullptr ? kernel.convert_units(m, k) : block_count(kernel, m, k);
}

/// Rows of one block. Blocks differ by at most one row, so that one row more than a full block does
/// not leave a block of one row, which would cost as much as a full one.
[[gnu::always_inline]] constexpr Range rows_of_block(std::int64_t m, std::int64_t blocks,
                                                     std::int64_t block) {
  return {m * block / blocks, m * (block + 1) / blocks};
}

}  // namespace twofour::providers::cpu
