// Kernels in plain C++, for every type and any processor: the simplest form of what the vectorised
// kernels do, and what runs where there is no vector instruction set for them.
#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>

#include "providers/cpu/kernel_list.h"
#include "providers/cpu/portable/epilogue.h"
#include "providers/cpu/portable/formats.h"
#include "providers/cpu/two_four.h"

namespace twofour::providers::cpu::portable {
namespace {

constexpr int kColumns = 16;
constexpr int kMaxRows = 4;
constexpr int kGroup = 4;

template <DataType kType>
using Stored = typename Format<kType>::Stored;
template <DataType kType>
using Value = typename Format<kType>::Value;
template <DataType kType>
using Accumulator = typename Format<kType>::Accumulator;

/// Packed A: [m][padded k] of Value.
template <DataType kType>
std::size_t packed_a_bytes(std::int64_t m, std::int64_t k) {
  return static_cast<std::size_t>(m * round_up(k, kGroup)) * sizeof(Value<kType>);
}

template <DataType kType>
void pack_a(const PackAArgs& args) {
  const std::int64_t padded_k = round_up(args.k, kGroup);
  const std::int64_t blocks = block_count(args.m, kMaxRows);
  const auto* from = static_cast<const Stored<kType>*>(args.activations);
  auto* to = reinterpret_cast<Value<kType>*>(args.packed_a);
  const std::int64_t begin = rows_of_block(args.m, blocks, args.tasks.begin).begin;
  const std::int64_t end = rows_of_block(args.m, blocks, args.tasks.end - 1).end;
  for (std::int64_t i = begin; i < end; ++i) {
    for (std::int64_t k = 0; k < args.k; ++k) {
      to[i * padded_k + k] = Format<kType>::value(from[i * args.k + k]);
    }
    std::fill(to + i * padded_k + args.k, to + (i + 1) * padded_k, Value<kType>{});
  }
}

/// Packed B, dense: [panel][padded k][16 columns] of the stored type.
template <DataType kType>
struct Dense {
  static constexpr Sparsity kSparsity = Sparsity::kDense;

  static std::size_t panel_bytes(std::int64_t k) {
    return static_cast<std::size_t>(round_up(k, kGroup) * kColumns) * sizeof(Stored<kType>);
  }

  static void pack_panel(const Stored<kType>* weights, std::int64_t columns, std::int64_t k,
                         std::byte* panel) {
    auto* to = reinterpret_cast<Stored<kType>*>(panel);
    std::fill(panel, panel + panel_bytes(k), std::byte{0});
    for (std::int64_t j = 0; j < columns; ++j) {
      for (std::int64_t i = 0; i < k; ++i) to[i * kColumns + j] = weights[j * k + i];
    }
  }

  static void add_group(const std::byte* panel, std::int64_t /*k*/, std::int64_t group,
                        const Value<kType>* a,
                        std::array<Accumulator<kType>, kColumns>& accumulators) {
    const auto* w = reinterpret_cast<const Stored<kType>*>(panel) + group * kGroup * kColumns;
    for (int i = 0; i < kGroup; ++i) {
      for (std::size_t j = 0; j < kColumns; ++j) {
        accumulators[j] += static_cast<Accumulator<kType>>(a[i]) *
                           static_cast<Accumulator<kType>>(
                               Format<kType>::value(w[i * kColumns + std::ptrdiff_t(j)]));
      }
    }
  }
};

/// Packed B, 2:4: [panel] of kept values [K / 4 groups][2][16 columns], then indices [K / 4
/// groups][8 bytes], a nibble for each column: first | second << 2.
template <DataType kType>
struct TwoFour {
  static constexpr Sparsity kSparsity = Sparsity::kTwoFour;
  static constexpr int kIndexBytes = kColumns / 2;

  static std::size_t panel_bytes(std::int64_t k) {
    return static_cast<std::size_t>(k / kGroup) *
           (2 * kColumns * sizeof(Stored<kType>) + kIndexBytes);
  }
  static std::int64_t values_bytes(std::int64_t k) {
    return k / kGroup * 2 * kColumns * std::ptrdiff_t{sizeof(Stored<kType>)};
  }

  static void pack_panel(const Stored<kType>* weights, std::int64_t columns, std::int64_t k,
                         std::byte* panel) {
    auto* values = reinterpret_cast<Stored<kType>*>(panel);
    std::byte* indices = panel + values_bytes(k);
    std::fill(panel, panel + panel_bytes(k), std::byte{0});
    for (std::int64_t j = 0; j < columns; ++j) {
      for (std::int64_t g = 0; g < k / kGroup; ++g) {
        const Stored<kType>* group = weights + j * k + g * kGroup;
        unsigned mask = 0;
        for (unsigned i = 0; i < kGroup; ++i) {
          mask |= (Format<kType>::is_zero(group[i]) ? 0u : 1u) << i;
        }
        const GroupPositions kept = kKeptPairs[mask];
        values[(2 * g + 0) * kColumns + j] = group[kept.first];
        values[(2 * g + 1) * kColumns + j] = group[kept.second];
        indices[g * kIndexBytes + j / 2] |=
            static_cast<std::byte>((kept.first | kept.second << 2) << (j % 2 * 4));
      }
    }
  }

  static void add_group(const std::byte* panel, std::int64_t k, std::int64_t group,
                        const Value<kType>* a,
                        std::array<Accumulator<kType>, kColumns>& accumulators) {
    const auto* w = reinterpret_cast<const Stored<kType>*>(panel) + group * 2 * kColumns;
    const std::byte* indices = panel + values_bytes(k) + group * kIndexBytes;
    for (std::size_t j = 0; j < kColumns; ++j) {
      const unsigned pair = std::to_integer<unsigned>(indices[j / 2]) >> (j % 2 * 4);
      const auto product = [&](std::size_t row, unsigned index) {
        return static_cast<Accumulator<kType>>(a[index & 3u]) *
               static_cast<Accumulator<kType>>(Format<kType>::value(w[row * kColumns + j]));
      };
      accumulators[j] += product(0, pair);
      accumulators[j] += product(1, pair >> 2);
    }
  }
};

template <DataType kType, template <DataType> class Form>
std::size_t packed_b_bytes(std::int64_t n, std::int64_t k) {
  return static_cast<std::size_t>(block_count(n, kColumns)) * Form<kType>::panel_bytes(k);
}

template <DataType kType, template <DataType> class Form>
void pack_b(const PackBArgs& args) {
  const auto* weights = static_cast<const Stored<kType>*>(args.weights);
  for (std::int64_t p = args.panels.begin; p < args.panels.end; ++p) {
    const std::int64_t column = p * kColumns;
    Form<kType>::pack_panel(
        weights + column * args.k, std::min<std::int64_t>(kColumns, args.n - column), args.k,
        args.packed_b + p * static_cast<std::ptrdiff_t>(Form<kType>::panel_bytes(args.k)));
  }
}

template <DataType kType, template <DataType> class Form>
void run(const RunArgs& args) {
  const auto [m, n, k] = args.shape;
  const std::int64_t padded_k = round_up(k, kGroup);
  const std::int64_t blocks = block_count(m, kMaxRows);
  const auto* a = reinterpret_cast<const Value<kType>*>(args.packed_a);
  for (std::int64_t p = args.panels.begin; p < args.panels.end; ++p) {
    const std::byte* panel =
        args.packed_b + p * static_cast<std::ptrdiff_t>(Form<kType>::panel_bytes(k));
    const Range columns{p * kColumns, std::min(n, (p + 1) * kColumns)};
    for (std::int64_t block = args.blocks.begin; block < args.blocks.end; ++block) {
      const Range rows = rows_of_block(m, blocks, block);
      for (std::int64_t i = rows.begin; i < rows.end; ++i) {
        std::array<Accumulator<kType>, kColumns> accumulators{};
        for (std::int64_t g = 0; g < padded_k / kGroup; ++g) {
          Form<kType>::add_group(panel, k, g, a + i * padded_k + g * kGroup, accumulators);
        }
        std::array<float, kColumns> floats{};
        std::transform(
            accumulators.begin(), accumulators.end(), floats.begin(),
            [](Accumulator<kType> accumulator) { return static_cast<float>(accumulator); });
        store_row(args.output, n, i, columns, floats.data());
      }
    }
  }
}

template <DataType kType, template <DataType> class Form>
constexpr Kernel make_kernel(std::string_view name) {
  return {.name = name,
          .isa = Isa::kPortable,
          .needs = kCompiledFor,
          .type = kType,
          .sparsity = Form<kType>::kSparsity,
          .panel_columns = kColumns,
          .max_rows = kMaxRows,
          .k_multiple = kGroup,
          .packed_b_bytes = packed_b_bytes<kType, Form>,
          .pack_b = pack_b<kType, Form>,
          .packed_a_bytes = packed_a_bytes<kType>,
          .pack_a = pack_a<kType>,
          .scratch_bytes = nullptr,
          .run = run<kType, Form>};
}

}  // namespace

constinit const Kernel i8_dense = make_kernel<DataType::kInt8, Dense>("plain loops");
constinit const Kernel i8_two_four = make_kernel<DataType::kInt8, TwoFour>("plain loops");
constinit const Kernel fp8_dense = make_kernel<DataType::kFp8E4m3, Dense>("plain loops");
constinit const Kernel fp8_two_four = make_kernel<DataType::kFp8E4m3, TwoFour>("plain loops");
constinit const Kernel bf16_dense = make_kernel<DataType::kBf16, Dense>("plain loops");
constinit const Kernel bf16_two_four = make_kernel<DataType::kBf16, TwoFour>("plain loops");
constinit const Kernel fp16_dense = make_kernel<DataType::kFp16, Dense>("plain loops");
constinit const Kernel fp16_two_four = make_kernel<DataType::kFp16, TwoFour>("plain loops");

}  // namespace twofour::providers::cpu::portable
