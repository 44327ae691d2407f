// What is computed in many places and defined in one.
#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>

#include "core/median.h"
#include "core/rounding.h"

namespace twofour {
namespace {

TEST(Median, IsTheMiddleOrTheMeanOfBoth) {
  EXPECT_EQ(median({3, 1, 2}), 2);
  EXPECT_EQ(median({4, 1, 3, 2}), 2.5);
  EXPECT_EQ(median({7}), 7);
  EXPECT_TRUE(std::isnan(median({})));
}

TEST(Rounding, CountsPartsAndRoundsUp) {
  EXPECT_EQ(ceil_div(0, 4), 0);
  EXPECT_EQ(ceil_div(1, 4), 1);
  EXPECT_EQ(ceil_div(4, 4), 1);
  EXPECT_EQ(ceil_div(5, 4), 2);
  EXPECT_EQ(round_up(0, 64), 0);
  EXPECT_EQ(round_up(1, 64), 64);
  EXPECT_EQ(round_up(64, 64), 64);
  EXPECT_EQ(round_up(65, 64), 128);
}

TEST(Rounding, ComputesInTheTypeOfTheSize) {
  constexpr std::int64_t kLarge = std::int64_t{1} << 40;
  static_assert(round_up(kLarge - 1, 2) == kLarge);
  EXPECT_EQ(ceil_div(std::int64_t{1} << 40, 1 << 20), 1 << 20);
}

}  // namespace
}  // namespace twofour
