// AMX kernels for int8 and bfloat16, dense and 2:4: the functions of cpu/kernel.h on top of gemm.h,
// and the epilogue.
#include <immintrin.h>

#include <algorithm>
#include <cstring>
#include <type_traits>

#include "providers/cpu/amx/gemm.h"
#include "providers/cpu/avx512/epilogue.h"
#include "providers/cpu/kernel_list.h"

namespace twofour::providers::cpu::amx {
namespace {

/// Sixteen accumulators as float32.
__m512 load_accumulators(const std::int32_t* from) {
  return _mm512_cvtepi32_ps(_mm512_loadu_si512(from));
}
__m512 load_accumulators(const float* from) { return _mm512_loadu_ps(from); }

/// The processor's tile registers, and its VPEXPAND for 2:4 weights.
struct HardwareUnit : HardwareTiles {
  template <class Element>
  [[gnu::always_inline]] static void expand_half(const std::byte* packed, int half,
                                                 std::byte* dense) {
    expand_half_tile<Element>(packed, half, dense);
  }
};

template <class Element, Sparsity kSparsity>
struct Functions {
  using Accumulator = AccumulatorOf<Element>;

  static std::size_t packed_b_bytes(std::int64_t n, std::int64_t k) {
    return static_cast<std::size_t>((n + kPanelColumns - 1) / kPanelColumns) *
           panel_bytes<Element>(k, kSparsity);
  }

  static void pack_b(const PackBArgs& args) {
    const std::size_t bytes = panel_bytes<Element>(args.k, kSparsity);
    for (std::int64_t panel = args.panels.begin; panel < args.panels.end; ++panel) {
      pack_b_panel(static_cast<const Element*>(args.weights), args.n, args.k, panel * kPanelColumns,
                   kSparsity, args.packed_b + static_cast<std::size_t>(panel) * bytes);
    }
  }

  static std::size_t packed_a_bytes(std::int64_t m, std::int64_t k) {
    return packed_a_offset<Element>(m, k);
  }

  /// Where weights stream past all rows, the rows are not split between threads.
  static std::int64_t row_blocks(std::int64_t m, std::int64_t k) {
    return streams<Element, kSparsity>(m, steps<Element>(k)) ? 1 : block_count(m, kBlockRows);
  }

  static std::int64_t pack_a_tasks(std::int64_t m, std::int64_t k) {
    return packed_rows(m, k).count() * k_tasks(k);
  }

  static void pack_a(const PackAArgs& args) {
    const std::int64_t k_steps = steps<Element>(args.k);
    const RowBlocks blocks = packed_rows(args.m, args.k);
    for (std::int64_t task = args.tasks.begin; task < args.tasks.end; ++task) {
      const std::int64_t block = task / k_tasks(args.k);
      const std::int64_t step = task % k_tasks(args.k) * kTaskSteps;
      const Range rows = blocks.rows(block);
      pack_a_block(static_cast<const Element*>(args.activations), args.k, rows,
                   {step, std::min(step + kTaskSteps, k_steps)},
                   args.packed_a + packed_a_offset<Element>(rows.begin, args.k));
    }
  }

  static std::size_t scratch_bytes(const GemmShape& /*shape*/) { return kScratchBytes; }

  static bool dense_is_meant(std::int64_t m, std::int64_t k) {
    return m > kMaxGainRows || !streams<Element, kSparsity>(m, steps<Element>(k));
  }

  static void run(const RunArgs& args) {
    const std::int64_t k_steps = steps<Element>(args.shape.k);
    const bool stream = streams<Element, kSparsity>(args.shape.m, k_steps);
    const Range rows = stream ? Range{0, args.shape.m}
                              : Range{args.blocks.begin * kBlockRows,
                                      std::min(args.shape.m, args.blocks.end * kBlockRows)};
    const std::size_t bytes = panel_bytes<Element>(args.shape.k, kSparsity);
    gemm<HardwareUnit, Element, kSparsity>(
        {.panels = args.packed_b + static_cast<std::size_t>(args.panels.begin) * bytes,
         .panel_count = args.panels.end - args.panels.begin,
         .k_steps = k_steps,
         .a = args.packed_a + packed_a_offset<Element>(rows.begin, args.shape.k),
         .m = rows.end - rows.begin,
         .streams = stream,
         .scratch = args.scratch},
        Epilogue{args, rows.begin});
  }

 private:
  /// k-steps of a row block that pack A does as one task: small, so that all threads get a task
  /// also with few rows.
  static constexpr std::int64_t kTaskSteps = 4;
  static RowBlocks packed_rows(std::int64_t m, std::int64_t k) {
    return {m, streams<Element, kSparsity>(m, steps<Element>(k))};
  }
  static std::int64_t k_tasks(std::int64_t k) {
    return (steps<Element>(k) + kTaskSteps - 1) / kTaskSteps;
  }

  /// D = scale_a * scale_b * accumulator + bias, for some rows of a panel.
  struct Epilogue {
    const RunArgs& args;
    std::int64_t first_row;

    void operator()(std::int64_t panel, std::int64_t row, std::int64_t rows,
                    const Accumulator* accumulators) const {
      const std::int64_t column = (args.panels.begin + panel) * kPanelColumns;
      for (std::int64_t half = 0; half < kPanelColumns && column + half < args.shape.n;
           half += kTileColumns) {
        const avx512::ColumnEpilogue epilogue(args.output, args.shape.n, column + half);
        for (std::int64_t i = 0; i < rows; ++i) {
          epilogue.store(first_row + row + i,
                         load_accumulators(accumulators + i * kPanelColumns + half));
        }
      }
    }
  };
};

template <class Element, Sparsity kSparsity>
constexpr Kernel make_kernel(std::string_view name, DataType type, Feature products) {
  using F = Functions<Element, kSparsity>;
  return {.name = name,
          .isa = Isa::kAmx,
          .needs = kCompiledFor | Features{Feature::kAmxTile, products},
          .type = type,
          .sparsity = kSparsity,
          .panel_columns = kPanelColumns,
          .max_rows = kBlockRows,
          .k_multiple = TileLayout<Element>::kDepth,
          .dense_is_meant = kSparsity == Sparsity::kTwoFour ? F::dense_is_meant : nullptr,
          .packed_b_bytes = F::packed_b_bytes,
          .pack_b = F::pack_b,
          .packed_a_bytes = F::packed_a_bytes,
          .pack_a = F::pack_a,
          .row_blocks = F::row_blocks,
          .pack_a_tasks = F::pack_a_tasks,
          .scratch_bytes = F::scratch_bytes,
          .run = F::run};
}

}  // namespace

constinit const Kernel i8_dense =
    make_kernel<std::int8_t, Sparsity::kDense>("tdpbssd", DataType::kInt8, Feature::kAmxInt8);
constinit const Kernel i8_two_four = make_kernel<std::int8_t, Sparsity::kTwoFour>(
    "tdpbssd, vpexpandb", DataType::kInt8, Feature::kAmxInt8);
constinit const Kernel bf16_dense =
    make_kernel<std::uint16_t, Sparsity::kDense>("tdpbf16ps", DataType::kBf16, Feature::kAmxBf16);
constinit const Kernel bf16_two_four = make_kernel<std::uint16_t, Sparsity::kTwoFour>(
    "tdpbf16ps, vpexpandw", DataType::kBf16, Feature::kAmxBf16);

}  // namespace twofour::providers::cpu::amx
