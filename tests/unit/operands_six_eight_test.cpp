// 6:8: what stays of a group, and its expansion to 2:4.
#include "operands/six_eight.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <cstdlib>
#include <numeric>
#include <vector>

#include "operands/fill.h"
#include "operands/host_operands.h"
#include "operands/six_eight_group.h"
#include "operands/two_four.h"

namespace twofour::operands {
namespace {

constexpr int kThreads = 2;
constexpr DataType kTypes[] = {DataType::kInt8, DataType::kFp8E4m3, DataType::kBf16,
                               DataType::kFp16};

std::vector<std::uint8_t> pruned(std::vector<std::uint8_t> codes) {
  prune_eight<DataType::kInt8>(codes.data());
  return codes;
}

std::uint8_t i8(int value) { return static_cast<std::uint8_t>(static_cast<std::int8_t>(value)); }

TEST(SixEight, TheTwoSmallestMagnitudesGo) {
  EXPECT_EQ(pruned({i8(3), i8(-1), i8(7), i8(2), i8(-128), i8(5), i8(6), i8(4)}),
            (std::vector<std::uint8_t>{i8(3), 0, i8(7), 0, i8(-128), i8(5), i8(6), i8(4)}));
}

TEST(SixEight, TiesStayAtTheLowerIndex) {
  EXPECT_EQ(pruned({i8(2), i8(-2), i8(2), i8(2), i8(2), i8(2), i8(2), i8(2)}),
            (std::vector<std::uint8_t>{i8(2), i8(-2), i8(2), i8(2), i8(2), i8(2), 0, 0}));
}

TEST(SixEight, ZerosOfEitherSignBecomePlusZeroAndNanStays) {
  using Code = Format<DataType::kBf16>::Code;
  constexpr Code kMinusZero = 0x8000;
  constexpr Code kNan = 0x7FC0;
  Code group[kEightGroup] = {kMinusZero, kNan, 0x3F80, 0, kMinusZero, 0, kMinusZero, 0};
  prune_eight<DataType::kBf16>(group);
  const Code expected[kEightGroup] = {0, kNan, 0x3F80, 0, 0, 0, 0, 0};
  EXPECT_TRUE(std::equal(std::begin(group), std::end(group), std::begin(expected)));
}

/// Weights as a run with --pattern 6:8 has them.
Operands operands_of(DataType type, const GemmShape& shape) {
  return make_host_operands({.shape = shape, .type = type, .pattern = Sparsity::kSixEight},
                            kThreads, [](std::size_t bytes) {
                              return Buffer(std::malloc(bytes), bytes,
                                            [](void* p) { std::free(p); });
                            });
}

TEST(SixEight, OperandsHaveAtMostSixOfEightAndMoreThanTwoOfFour) {
  for (const DataType type : kTypes) {
    // Ragged, and longer than what is filled at once.
    for (const std::int64_t k : {24, 4101}) {
      const Operands made = operands_of(type, {.m = 1, .n = 5, .k = k});
      EXPECT_TRUE(is_six_eight(type, made.b.data(), 5, k)) << info(type).cli_name << " " << k;
      EXPECT_TRUE(validate_two_four(type, made.b.data(), 5, k, kThreads))
          << "2:4 would say nothing of 6:8";
      EXPECT_FALSE(is_six_eight(type, made.a.data(), 1, k)) << "activations are dense";
    }
  }
}

/// Every group of eight with at most six non-zeros, the values 1 to 8 at their places.
std::vector<std::int8_t> all_groups() {
  std::vector<std::int8_t> groups;
  for (unsigned mask = 0; mask < 256; ++mask) {
    if (__builtin_popcount(mask) > kEightKept) continue;
    for (unsigned i = 0; i < kEightGroup; ++i) {
      groups.push_back((mask >> i & 1U) != 0 ? static_cast<std::int8_t>(i + 1) : std::int8_t{0});
    }
  }
  return groups;
}

TEST(SixEight, EveryGroupExpandsToTwoFourWithTheSameProduct) {
  const std::vector<std::int8_t> groups = all_groups();
  const auto k = static_cast<std::int64_t>(groups.size());
  const std::int64_t wide = expanded_k(k);
  EXPECT_EQ(2 * wide, 3 * k);
  std::vector<std::int8_t> weights(static_cast<std::size_t>(wide), -1);
  expand_weights(DataType::kInt8, groups.data(), 1, k, weights.data());
  EXPECT_FALSE(validate_two_four(DataType::kInt8, weights.data(), 1, wide, kThreads));
  // Activations that tell every place apart.
  std::vector<std::int8_t> a(groups.size());
  for (std::size_t i = 0; i < a.size(); ++i) a[i] = static_cast<std::int8_t>(i * 37 % 251);
  std::vector<std::int8_t> expanded(static_cast<std::size_t>(wide), -1);
  expand_activations(DataType::kInt8, a.data(), 1, k, expanded.data());
  for (std::size_t g = 0; g < groups.size() / 8; ++g) {
    const auto dot = [](const std::int8_t* x, const std::int8_t* y, std::size_t count) {
      return std::inner_product(x, x + count, y, 0);
    };
    EXPECT_EQ(dot(&expanded[12 * g], &weights[12 * g], 12), dot(&a[8 * g], &groups[8 * g], 8))
        << "group " << g;
  }
}

TEST(SixEight, RowsOfTwoByteTypesExpandAlike) {
  const std::vector<std::uint16_t> a{1, 2, 3, 4, 5, 6, 7, 8, 11, 12, 13, 14, 15, 16, 17, 18};
  std::vector<std::uint16_t> expanded(24);
  expand_activations(DataType::kBf16, a.data(), 2, 8, expanded.data());
  EXPECT_EQ(expanded, (std::vector<std::uint16_t>{1,  2,  3,  4,  3,  4,  5,  6,  5,  6,  7,  8,
                                                  11, 12, 13, 14, 13, 14, 15, 16, 15, 16, 17, 18}));
}

}  // namespace
}  // namespace twofour::operands
