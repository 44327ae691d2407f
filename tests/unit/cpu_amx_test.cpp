// The AMX GEMMs against plain sums on emulated tiles and emulated expansion, and the processor's
// expansion (AVX-512 VBMI2) where there is one.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <new>
#include <random>
#include <vector>

#include "providers/cpu/amx/gemm.h"
#include "providers/cpu/amx/k_order.h"
#include "providers/cpu/amx/rasterisation.h"

namespace twofour::providers::cpu::amx {
namespace {

struct Shape {
  std::int64_t m, n, k;
};

std::ostream& operator<<(std::ostream& out, const Shape& s) {
  return out << s.m << "x" << s.k << "x" << s.n;
}

/// Small whole numbers, which int8 and bfloat16 both hold and whose sums are exact in float32.
template <class Element>
Element element(int value) {
  if constexpr (sizeof(Element) == 1) {
    return static_cast<Element>(value);
  } else {
    return static_cast<Element>(std::bit_cast<std::uint32_t>(static_cast<float>(value)) >> 16U);
  }
}

template <class Element>
std::vector<Element> encode(const std::vector<int>& values) {
  std::vector<Element> encoded;
  encoded.reserve(values.size());
  for (const int value : values) encoded.push_back(element<Element>(value));
  return encoded;
}

std::vector<int> draw(std::size_t count, std::mt19937& random) {
  std::vector<int> values(count);
  std::uniform_int_distribution<int> uniform(-100, 100);
  std::generate(values.begin(), values.end(), [&] { return uniform(random); });
  return values;
}

/// At most two non-zeros in each four; some groups are all zero.
void prune(std::vector<int>& values, std::mt19937& random) {
  for (std::size_t i = 0; i + 4 <= values.size(); i += 4) {
    std::size_t order[4] = {0, 1, 2, 3};
    std::shuffle(std::begin(order), std::end(order), random);
    const std::size_t zeros = 2 + random() % 3;
    for (std::size_t j = 0; j < zeros; ++j) values[i + order[j]] = 0;
  }
}

struct AlignedBytes {
  explicit AlignedBytes(std::size_t bytes)
      : data(static_cast<std::byte*>(::operator new (bytes, std::align_val_t{64}))) {}
  ~AlignedBytes() { ::operator delete (data, std::align_val_t{64}); }
  AlignedBytes(const AlignedBytes&) = delete;
  AlignedBytes& operator=(const AlignedBytes&) = delete;
  std::byte* data;
};

/// Tiles and expansion in plain C++.
struct EmulatedUnit : EmulatedTiles {
  template <class Element>
  static void expand_half(const std::byte* packed, int half, std::byte* dense) {
    using Layout = TileLayout<Element>;
    constexpr int kLaneBits = 8 * static_cast<int>(sizeof(Element));
    constexpr int kLanes = kTileRowBytes / static_cast<int>(sizeof(Element));
    const std::byte* value = packed + half * (Layout::kValueBytes / 2);
    for (int row = half * 8; row < half * 8 + 8; ++row) {
      for (int lane = 0; lane < kLanes; ++lane) {
        const std::byte* bits =
            packed + Layout::kValueBytes + (row / kLaneBits * kLanes + lane) * (kLaneBits / 8);
        unsigned mask = 0;
        std::memcpy(&mask, bits, sizeof(Element));
        Element element{};
        if ((mask >> (kLaneBits - 1 - row % kLaneBits) & 1U) != 0) {
          std::memcpy(&element, value, sizeof(element));
          value += sizeof(element);
        }
        std::memcpy(dense + row * kTileRowBytes + lane * static_cast<int>(sizeof(Element)),
                    &element, sizeof(element));
      }
    }
  }
};

struct HardwareExpansion {
  template <class Element>
  static void expand_half(const std::byte* packed, int half, std::byte* dense) {
    expand_half_tile<Element>(packed, half, dense);
  }
};

/// Every packed 2:4 tile of a panel, expanded, is the dense tile of the same weights.
template <class Unit, class Element>
void expect_expansion() {
  constexpr std::int64_t kK = 260;
  constexpr std::int64_t kN = 29;
  std::mt19937 random(11);
  std::vector<int> weights = draw(std::size_t{kK} * kN, random);
  prune(weights, random);
  const auto encoded = encode<Element>(weights);
  const AlignedBytes dense(panel_bytes<Element>(kK, Sparsity::kDense));
  const AlignedBytes packed(panel_bytes<Element>(kK, Sparsity::kTwoFour));
  pack_b_panel(encoded.data(), kN, kK, 0, Sparsity::kDense, dense.data);
  pack_b_panel(encoded.data(), kN, kK, 0, Sparsity::kTwoFour, packed.data);
  const AlignedBytes expanded(kTileBytes);
  const std::byte* tile = packed.data;
  const std::byte* expected = dense.data;
  for (std::int64_t i = 0; i < kTilesPerStep * steps<Element>(kK); ++i) {
    for (const int half : {0, 1}) {
      Unit::template expand_half<Element>(tile, half, expanded.data);
    }
    ASSERT_EQ(std::memcmp(expanded.data, expected, kTileBytes), 0) << "tile " << i;
    tile += TileLayout<Element>::tile_bytes(Sparsity::kTwoFour);
    expected += kTileBytes;
  }
}

TEST(AmxExpansion, RestoresDenseTilesInPlainCode) {
  expect_expansion<EmulatedUnit, std::int8_t>();
  expect_expansion<EmulatedUnit, std::uint16_t>();
}

TEST(AmxExpansion, RestoresDenseTilesOnTheProcessor) {
  if (!__builtin_cpu_supports("avx512vbmi2")) GTEST_SKIP() << "no AVX-512 VBMI2 here";
  expect_expansion<HardwareExpansion, std::int8_t>();
  expect_expansion<HardwareExpansion, std::uint16_t>();
}

/// Each k-step of each panel meets each row once, in ascending order of k; what a chunk of rows and
/// of k-steps needs of the activations stays below the limit.
TEST(AmxRasterisation, MeetsEverythingOnceWithinTheCache) {
  for (const Extent extent :
       {Extent{65, 3, 1}, Extent{96, 5, 64}, Extent{128, 40, 224}, Extent{513, 2, 64},
        Extent{1000, 9, 448}, Extent{5000, 2, 3}, Extent{70, 1, 100000}}) {
    Rasterisation order(extent);
    const auto row_blocks = (extent.m + kBlockRows - 1) / kBlockRows;
    std::vector<std::int64_t> met(static_cast<std::size_t>(row_blocks * extent.panels), 0);
    std::int64_t index = 0;
    for (Block block = order.next(); block.steps() > 0; block = order.next()) {
      EXPECT_EQ(block.index, index++);
      EXPECT_LE(block.steps(), kMaxBlockSteps);
      EXPECT_LE(block.rows, order.chunk_rows());
      EXPECT_EQ(block.first_row % kBlockRows, 0);
      EXPECT_LE(order.chunk_rows() * order.group_panels() * kPanelColumns * kAccumulatorSize,
                static_cast<std::int64_t>(kAccumulatorScratchBytes));
      for (std::int64_t row = block.first_row; row < block.first_row + block.rows;
           row += kBlockRows) {
        auto& done = met[static_cast<std::size_t>(block.panel * row_blocks + row / kBlockRows)];
        EXPECT_EQ(done, block.begin);
        done = block.end;
      }
    }
    EXPECT_EQ(order.next().steps(), 0);
    for (const std::int64_t done : met) EXPECT_EQ(done, extent.k_steps) << extent.m;
  }
}

/// Each k-step comes once, four ascending runs in turn, and the last one begins again.
TEST(AmxOrder, TakesEveryStepOnceInRuns) {
  for (const std::int64_t runs : {std::int64_t{1}, kRuns}) {
    for (const std::int64_t k_steps : {16, 17, 19, 64, 71}) {
      KCursor cursor(k_steps, runs);
      EXPECT_EQ(cursor.run_steps(), k_steps / runs);
      std::vector<int> met(static_cast<std::size_t>(k_steps), 0);
      for (std::int64_t i = 0; i < k_steps; ++i) {
        const std::int64_t in_runs = k_steps / runs * runs;
        EXPECT_EQ(cursor.step(), i < in_runs ? i % runs * (k_steps / runs) + i / runs : i);
        if (runs == kRuns) {
          EXPECT_EQ(cursor.step(), piece_in_runs(i, k_steps));
        }
        EXPECT_EQ(cursor.ends_run(), i >= in_runs - runs && i < in_runs);
        ++met[static_cast<std::size_t>(cursor.step())];
        EXPECT_EQ(cursor.next(), i + 1 == k_steps);
      }
      EXPECT_EQ(cursor.step(), 0);
      EXPECT_EQ(std::count(met.begin(), met.end(), 1), k_steps);
    }
  }
}

template <class Unit, class Element, Sparsity kSparsity>
void expect_gemm(const Shape& shape) {
  using Accumulator = AccumulatorOf<Element>;
  std::mt19937 random(7);
  const auto at = [](std::int64_t i) { return static_cast<std::size_t>(i); };
  std::vector<int> b = draw(at(shape.n * shape.k), random);
  if (kSparsity == Sparsity::kTwoFour) prune(b, random);
  const std::int64_t k_steps = steps<Element>(shape.k);
  const std::vector<int> a = draw(at(shape.m * shape.k), random);
  const auto a_encoded = encode<Element>(a);
  const auto b_encoded = encode<Element>(b);
  const std::int64_t panels = (shape.n + kPanelColumns - 1) / kPanelColumns;
  const std::size_t bytes = panel_bytes<Element>(shape.k, kSparsity);
  const AlignedBytes packed(bytes * at(panels));
  for (std::int64_t p = 0; p < panels; ++p) {
    pack_b_panel(b_encoded.data(), shape.n, shape.k, p * kPanelColumns, kSparsity,
                 packed.data + bytes * at(p));
  }
  const AlignedBytes packed_a(packed_a_offset<Element>(shape.m, shape.k));
  const bool stream = streams<Element, kSparsity>(shape.m, k_steps);
  const RowBlocks blocks(shape.m, stream);
  for (std::int64_t block = 0; block < blocks.count(); ++block) {
    constexpr std::int64_t kSlice = 5;
    const Range rows = blocks.rows(block);
    for (std::int64_t step = 0; step < k_steps; step += kSlice) {
      pack_a_block(a_encoded.data(), shape.k, rows, {step, std::min(step + kSlice, k_steps)},
                   packed_a.data + packed_a_offset<Element>(rows.begin, shape.k));
    }
  }
  const AlignedBytes scratch(kScratchBytes);
  std::vector<Accumulator> d(at(shape.m * panels * kPanelColumns), Accumulator{-1});
  std::int64_t finished = 0;
  const GemmArgs args{.panels = packed.data,
                      .panel_count = panels,
                      .k_steps = k_steps,
                      .a = packed_a.data,
                      .m = shape.m,
                      .streams = stream,
                      .scratch = scratch.data};
  gemm<Unit, Element, kSparsity>(args, [&](std::int64_t panel, std::int64_t row, std::int64_t rows,
                                           const Accumulator* accumulators) {
    finished += rows;
    for (std::int64_t i = 0; i < rows; ++i) {
      std::copy_n(accumulators + i * kPanelColumns, kPanelColumns,
                  &d[at(((row + i) * panels + panel) * kPanelColumns)]);
    }
  });
  EXPECT_EQ(finished, panels * shape.m);
  for (std::int64_t i = 0; i < shape.m; ++i) {
    for (std::int64_t column = 0; column < panels * kPanelColumns; ++column) {
      std::int64_t expected = 0;
      for (std::int64_t k = 0; column < shape.n && k < shape.k; ++k) {
        expected += std::int64_t{a[at(i * shape.k + k)]} * b[at(column * shape.k + k)];
      }
      ASSERT_EQ(static_cast<double>(d[at(i * panels * kPanelColumns + column)]),
                static_cast<double>(expected))
          << shape << " row " << i << " column " << column;
    }
  }
}

class AmxGemm : public testing::TestWithParam<Shape> {};

template <class Unit>
void expect_all(const Shape& shape) {
  expect_gemm<Unit, std::int8_t, Sparsity::kDense>(shape);
  expect_gemm<Unit, std::uint16_t, Sparsity::kDense>(shape);
  if (shape.k % 4 == 0) {
    expect_gemm<Unit, std::int8_t, Sparsity::kTwoFour>(shape);
    expect_gemm<Unit, std::uint16_t, Sparsity::kTwoFour>(shape);
  }
}

TEST_P(AmxGemm, EqualsPlainSumsOnEmulatedTiles) { expect_all<EmulatedUnit>(GetParam()); }

// Row tails, column tails, k tails, one to three tiles of rows and more, one pass and several, one
// block of k-steps and several, several panels, more activations than stay in cache also with few
// rows, several runs of k-steps with steps left over and without.
INSTANTIATE_TEST_SUITE_P(
    Shapes, AmxGemm,
    testing::Values(Shape{1, 1, 4}, Shape{1, 40, 260}, Shape{16, 32, 64}, Shape{17, 33, 132},
                    Shape{32, 96, 192}, Shape{33, 65, 64}, Shape{48, 32, 1028}, Shape{70, 40, 2300},
                    Shape{5, 16, 7}, Shape{49, 33, 200}, Shape{64, 31, 131}, Shape{65, 40, 68},
                    Shape{96, 70, 2300}, Shape{80, 33, 300}, Shape{97, 40, 260},
                    Shape{129, 40, 260}, Shape{193, 33, 132}, Shape{200, 33, 5124},
                    Shape{200, 70, 4096}, Shape{256, 33, 196}, Shape{257, 33, 196},
                    Shape{289, 40, 4100}, Shape{49, 17, 22020}, Shape{60, 40, 18000},
                    Shape{64, 70, 64}, Shape{64, 70, 32}, Shape{256, 100, 64}, Shape{1, 70, 1092},
                    Shape{16, 100, 1024}, Shape{31, 70, 2112}, Shape{32, 33, 1220}));

}  // namespace
}  // namespace twofour::providers::cpu::amx
