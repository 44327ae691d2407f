// 2:4 int8 with AVX2 for few rows; column_lanes.cpp has dense, row_lanes.cpp 2:4 for more rows.
// There is no exact byte multiply here: vpmaddubsw saturates, and the trick of moving signs between
// its operands fails for -128. So weights are widened to 16 bits as they are loaded (in memory they
// stay bytes), activations once for a launch, and vpmaddwd adds two products to each of eight int32
// lanes, exactly.
//
// A lane is a column. The four activations of a group, broadcast, are shuffled so that each lane
// gets the two that its column kept: one multiplication and one shuffle where dense has two
// multiplications.
#include <immintrin.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "providers/cpu/avx2/epilogue.h"
#include "providers/cpu/kernel_list.h"
#include "providers/cpu/tile_loop.h"
#include "providers/cpu/two_four.h"

namespace twofour::providers::cpu::avx2 {
namespace {

constexpr int kColumns = 16;
constexpr int kHalf = 8;   // columns of one vector of sums
constexpr int kStep = 32;  // k of one trip through the inner loop

std::int64_t steps(std::int64_t k) { return round_up(k, kStep) / kStep; }

// ---- Activations: [row block][k / 32][rows of the block][32] of int16. ----

constexpr std::int64_t kRowStepBytes = kStep * 2;

std::size_t converted_bytes(std::int64_t m, std::int64_t k) {
  return static_cast<std::size_t>(m * steps(k) * kRowStepBytes);
}

template <int kMaxRows>
void convert(const ConvertArgs& args) {
  const std::int64_t blocks = block_count(args.m, kMaxRows);
  for (std::int64_t block = args.units.begin; block < args.units.end; ++block) {
    const Range rows = rows_of_block(args.m, blocks, block);
    const std::int64_t stride = (rows.end - rows.begin) * kRowStepBytes;
    for (std::int64_t i = rows.begin; i < rows.end; ++i) {
      const auto* from = static_cast<const std::int8_t*>(args.activations) + i * args.k;
      std::byte* to = args.converted + rows.begin * steps(args.k) * kRowStepBytes +
                      (i - rows.begin) * kRowStepBytes;
      for (std::int64_t k = 0; k < args.k; k += kStep, to += stride) {
        std::array<std::int16_t, kStep> wide{};
        std::copy(from + k, from + std::min(k + kStep, args.k), wide.begin());
        std::memcpy(to, wide.data(), sizeof(wide));
      }
    }
  }
}

// ---- Packed weights: for each panel its steps. ----

/// 2:4 step: a dword of pair codes for each column, then values [k / 4][column][2]. Bits 4g .. 4g +
/// 2 of a column's dword say which of the six pairs its group g kept.
constexpr std::int64_t kCodesBytes = kColumns * 4;
constexpr std::int64_t kTwoFourStepBytes = kCodesBytes + kStep / 2 * kColumns;

/// Pair codes in the order of kPairShuffles.
constexpr std::array<KeptPair, 6> kPairs{{{0, 1}, {0, 2}, {0, 3}, {1, 2}, {1, 3}, {2, 3}}};

/// For each pair code the four shuffle indices that take its two int16 out of four.
alignas(32) constexpr std::array<std::uint32_t, 8> kPairShuffles = [] {
  std::array<std::uint32_t, 8> shuffles{};
  for (std::size_t code = 0; code < kPairs.size(); ++code) {
    const std::uint32_t first = 2u * kPairs[code].first;
    const std::uint32_t second = 2u * kPairs[code].second;
    shuffles[code] = first | (first + 1) << 8 | second << 16 | (second + 1) << 24;
  }
  return shuffles;
}();

/// For each mask of non-zeros of a group, its pair code.
constexpr std::array<std::uint8_t, 16> kPairCodes = [] {
  std::array<std::uint8_t, 16> codes{};
  for (std::size_t mask = 0; mask < codes.size(); ++mask) {
    std::uint8_t code = 0;
    while (kPairs[code].first != kKeptPairs[mask].first ||
           kPairs[code].second != kKeptPairs[mask].second) {
      ++code;
    }
    codes[mask] = code;
  }
  return codes;
}();

using StepWeights = std::array<std::int8_t, kStep>;

void pack_two_four_step(const StepWeights& weights, std::int64_t column, std::byte* step) {
  std::uint32_t codes = 0;
  for (std::size_t g = 0; g < kStep / 4; ++g) {
    const std::int8_t* group = weights.data() + 4 * g;
    unsigned mask = 0;
    for (unsigned i = 0; i < 4; ++i) mask |= (group[i] != 0 ? 1u : 0u) << i;
    const KeptPair kept = kKeptPairs[mask];
    const std::array<std::int8_t, 2> values{group[kept.first], group[kept.second]};
    std::memcpy(step + kCodesBytes + (static_cast<std::int64_t>(g) * kColumns + column) * 2,
                values.data(), values.size());
    codes |= std::uint32_t{kPairCodes[mask]} << 4 * g;
  }
  std::memcpy(step + 4 * column, &codes, sizeof(codes));
}

template <class Form>
std::size_t packed_bytes(std::int64_t n, std::int64_t k) {
  return static_cast<std::size_t>(block_count(n, kColumns) * steps(k) * Form::kStepBytes);
}

template <class Form>
void pack(const PackArgs& args) {
  const auto* all = static_cast<const std::int8_t*>(args.weights);
  for (std::int64_t p = args.panels.begin; p < args.panels.end; ++p) {
    for (std::int64_t s = 0; s < steps(args.k); ++s) {
      std::byte* step = args.packed + (p * steps(args.k) + s) * Form::kStepBytes;
      for (std::int64_t j = 0; j < kColumns; ++j) {
        const std::int64_t column = p * kColumns + j;
        StepWeights weights{};
        if (column < args.n) {
          const std::int8_t* row = all + column * args.k;
          std::copy(row + s * kStep, row + std::min((s + 1) * kStep, args.k), weights.begin());
        }
        Form::pack_step(weights, j, step);
      }
    }
  }
}

// ---- Tiles: a few rows by one or more panels, all of K, sums in registers. ----

struct TileArgs {
  const RunArgs& run;
  const std::byte* a;      ///< the row block's converted activations
  const std::byte* panel;  ///< the first panel's packed weights
  std::int64_t panel_bytes;
  std::int64_t steps;
  std::int64_t row;     ///< first row
  std::int64_t column;  ///< first column
};

/// Panels of one tile: several with few rows, for the reasons given in avx512/i8.cpp.
constexpr int panels_at_once(int rows) { return rows == 1 ? 4 : rows == 2 ? 2 : 1; }

constexpr int kHalves = 2;  // vectors of sums of a panel and row

/// Sums of a tile, [panel][row][half]. Plain arrays: std::array would strip the vectors of
/// attributes.
template <std::size_t kCount>
[[gnu::always_inline]] inline void clear(__m256i (&sums)[kCount]) {
  TWOFOUR_UNROLL for (__m256i& sum : sums) sum = _mm256_setzero_si256();
}

template <int kRows, int kPanels>
[[gnu::always_inline]] inline void store(const __m256i* sums, const TileArgs& tile) {
  TWOFOUR_UNROLL for (std::int64_t p = 0; p < kPanels; ++p) {
    const ColumnEpilogue epilogue(tile.run.output, tile.run.shape.n, tile.column + p * kColumns);
    TWOFOUR_UNROLL for (std::int64_t r = 0; r < kRows; ++r, sums += kHalves) {
      epilogue.store(tile.row + r, _mm256_cvtepi32_ps(sums[0]), _mm256_cvtepi32_ps(sums[1]));
    }
  }
}

[[gnu::always_inline]] inline __m256i widen(const std::byte* sixteen) {
  return _mm256_cvtepi8_epi16(_mm_loadu_si128(reinterpret_cast<const __m128i*>(sixteen)));
}

[[gnu::always_inline]] inline void add_products(__m256i& sum, __m256i a, __m256i weights) {
  sum = _mm256_add_epi32(sum, _mm256_madd_epi16(a, weights));
  // Keeps g++ from adding the products of a whole step up first, with all of them in memory.
  asm("" : "+x"(sum));
}

struct TwoFour {
  static constexpr Sparsity kSparsity = Sparsity::kTwoFour;
  static constexpr std::int64_t kStepBytes = kTwoFourStepBytes;
  // Eight sums, two vectors of weights and two of shuffles, the table, one broadcast, two products.
  static constexpr int kMaxRows = 4;
  static constexpr auto pack_step = pack_two_four_step;

  /// Shuffles for eight columns: vpermd looks at three bits of each dword only.
  [[gnu::always_inline]] static __m256i select(const std::byte* codes, int group) {
    const __m256i all = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(codes));
    const __m256i table = _mm256_load_si256(reinterpret_cast<const __m256i*>(kPairShuffles.data()));
    return _mm256_permutevar8x32_epi32(table, _mm256_srli_epi32(all, 4 * group));
  }

  template <int kRows, int kPanels>
  static void tile(const TileArgs& tile) {
    __m256i sums[std::size_t{kPanels * kRows * kHalves}];
    clear(sums);
    const std::byte* a = tile.a;
    const std::byte* w = tile.panel;
    for (std::int64_t step = 0; step < tile.steps; ++step) {
      TWOFOUR_UNROLL for (int g = 0; g < kStep / 4; ++g) {
        __m256i* sum = sums;
        TWOFOUR_UNROLL for (std::int64_t p = 0; p < kPanels; ++p) {
          const std::byte* codes = w + p * tile.panel_bytes;
          const std::byte* values = codes + kCodesBytes + g * kColumns * 2;
          const __m256i low_select = select(codes, g);
          const __m256i high_select = select(codes + kHalf * 4, g);
          const __m256i low = widen(values);
          const __m256i high = widen(values + kHalf * 2);
          TWOFOUR_UNROLL for (std::int64_t r = 0; r < kRows; ++r, sum += kHalves) {
            std::int64_t group;
            std::memcpy(&group, a + r * kRowStepBytes + g * 8, sizeof(group));
            const __m256i all = _mm256_set1_epi64x(group);
            add_products(sum[0], _mm256_shuffle_epi8(all, low_select), low);
            add_products(sum[1], _mm256_shuffle_epi8(all, high_select), high);
          }
        }
      }
      a += kRows * kRowStepBytes;
      w += kStepBytes;
    }
    store<kRows, kPanels>(sums, tile);
  }
};

using TileFunction = void (*)(const TileArgs&);

/// Tiles of r rows by one panel, and by panels_at_once(r).
struct TileFunctions {
  TileFunction one;
  TileFunction several;
};

/// Entry r - 1 is for r rows.
template <class Form>
constexpr auto kTiles = []<int... i>(std::integer_sequence<int, i...>) {
  return std::array<TileFunctions, Form::kMaxRows>{TileFunctions{
      Form::template tile<i + 1, 1>, Form::template tile<i + 1, panels_at_once(i + 1)>}...};
}
(std::make_integer_sequence<int, Form::kMaxRows>{});

template <class Form>
void run(const RunArgs& args) {
  const std::int64_t k_steps = steps(args.shape.k);
  const std::int64_t bytes = k_steps * Form::kStepBytes;
  for_each_tile(args, Form::kMaxRows, resident_panels(bytes), [&](Range panels, Range rows, Visit) {
    const auto count = static_cast<int>(rows.end - rows.begin);
    const TileFunctions& tiles = kTiles<Form>[static_cast<std::size_t>(count - 1)];
    const std::int64_t several = panels_at_once(count);
    for (std::int64_t panel = panels.begin; panel < panels.end;) {
      const bool enough = panels.end - panel >= several;
      (enough ? tiles.several
              : tiles.one)({.run = args,
                            .a = args.converted + rows.begin * k_steps * kRowStepBytes,
                            .panel = args.packed + panel * bytes,
                            .panel_bytes = bytes,
                            .steps = k_steps,
                            .row = rows.begin,
                            .column = panel * kColumns});
      panel += enough ? several : 1;
    }
  });
}

template <class Form>
constexpr Kernel make_kernel(std::string_view name) {
  return {.name = name,
          .isa = Isa::kAvx2,
          .type = DataType::kInt8,
          .sparsity = Form::kSparsity,
          .panel_columns = kColumns,
          .max_rows = Form::kMaxRows,
          .k_multiple = kStep,
          .packed_bytes = packed_bytes<Form>,
          .pack = pack<Form>,
          .converted_bytes = converted_bytes,
          .convert = convert<Form::kMaxRows>,
          .scratch_bytes = nullptr,
          .run = run<Form>};
}

}  // namespace

constinit const Kernel i8_two_four =
    make_kernel<TwoFour>("vpshufb of activations, vpmaddwd, tiles of 4 rows x 16 columns");

}  // namespace twofour::providers::cpu::avx2
