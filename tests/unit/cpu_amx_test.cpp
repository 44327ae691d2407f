// The AMX products against plain sums on emulated tiles, wherever the processor can expand (AVX-512
// VBMI2).
#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <new>
#include <random>
#include <vector>

#include "providers/cpu/amx/product.h"

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

template <class Unit, class Element, Sparsity kSparsity>
void expect_product(const Shape& shape) {
  using Sum = typename Product<Unit, Element, kSparsity>::Sum;
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
    pack_panel(b_encoded.data(), shape.n, shape.k, p * kPanelColumns, kSparsity,
               packed.data + bytes * at(p));
  }
  const AlignedBytes packed_a(packed_rows_bytes<Element>(shape.m, shape.k));
  for (std::int64_t row = 0; row < shape.m; row += kBlockRows) {
    pack_rows(a_encoded.data(), shape.k, row, std::min(shape.m, row + kBlockRows),
              packed_a.data + packed_rows_bytes<Element>(row, shape.k));
  }
  const AlignedBytes scratch(kScratchBytes);
  std::vector<Sum> sums(at(shape.m * kPanelColumns));
  Product<Unit, Element, kSparsity> product({.panels = packed.data,
                                             .panel_count = panels,
                                             .k_steps = k_steps,
                                             .a = packed_a.data,
                                             .m = shape.m,
                                             .scratch = scratch.data,
                                             .sums = sums.data()});
  std::int64_t finished = 0;
  product.run([&](std::int64_t panel) {
    EXPECT_EQ(panel, finished++);
    for (std::int64_t i = 0; i < shape.m; ++i) {
      for (std::int64_t j = 0; j < kPanelColumns; ++j) {
        const std::int64_t column = panel * kPanelColumns + j;
        std::int64_t expected = 0;
        for (std::int64_t k = 0; column < shape.n && k < shape.k; ++k) {
          expected += std::int64_t{a[at(i * shape.k + k)]} * b[at(column * shape.k + k)];
        }
        ASSERT_EQ(static_cast<double>(sums[at(i * kPanelColumns + j)]),
                  static_cast<double>(expected))
            << shape << " row " << i << " column " << column;
      }
    }
  });
  EXPECT_EQ(finished, panels);
}

class AmxProduct : public testing::TestWithParam<Shape> {};

template <class Unit>
void expect_all(const Shape& shape) {
  expect_product<Unit, std::int8_t, Sparsity::kDense>(shape);
  expect_product<Unit, std::uint16_t, Sparsity::kDense>(shape);
  if (shape.k % 4 == 0) {
    expect_product<Unit, std::int8_t, Sparsity::kTwoFour>(shape);
    expect_product<Unit, std::uint16_t, Sparsity::kTwoFour>(shape);
  }
}

TEST_P(AmxProduct, EqualsPlainSumsOnEmulatedTiles) {
  if (!__builtin_cpu_supports("avx512vbmi2")) GTEST_SKIP() << "no AVX-512 VBMI2 here";
  expect_all<EmulatedTiles>(GetParam());
}

// Row tails, column tails, k tails, one block of k-steps, several, several panels.
INSTANTIATE_TEST_SUITE_P(Shapes, AmxProduct,
                         testing::Values(Shape{1, 1, 4}, Shape{1, 40, 260}, Shape{16, 32, 64},
                                         Shape{17, 33, 132}, Shape{32, 96, 192}, Shape{33, 65, 64},
                                         Shape{48, 32, 1028}, Shape{70, 40, 2300}, Shape{5, 16, 7},
                                         Shape{64, 31, 131}));

}  // namespace
}  // namespace twofour::providers::cpu::amx
