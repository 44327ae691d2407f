#include <gtest/gtest.h>

#include <cstddef>

#include "device/device.h"

namespace twofour::device {
namespace {

constexpr std::size_t kMiB = std::size_t{1} << 20;

TEST(PlanCold, RotatesCopiesOfTwiceTheCache) {
  const CacheState state = plan_cold(10 * kMiB, 32 * kMiB, 1000 * kMiB, true);
  EXPECT_EQ(state.method, CacheMethod::kRotate);
  EXPECT_EQ(state.copies, 7);
  EXPECT_EQ(state.bytes_per_copy, 10 * kMiB);
}

TEST(PlanCold, OneCopyOfTwiceTheCacheIsEnoughWhateverTheBudget) {
  const CacheState state = plan_cold(64 * kMiB, 32 * kMiB, 0, false);
  EXPECT_EQ(state.method, CacheMethod::kRotate);
  EXPECT_EQ(state.copies, 1);
}

TEST(PlanCold, FlushesWhenCopiesAreOverBudgetOrTooMany) {
  EXPECT_EQ(plan_cold(10 * kMiB, 480 * kMiB, 500 * kMiB, true).method, CacheMethod::kFlush);
  EXPECT_EQ(plan_cold(1024, 480 * kMiB, 5000 * kMiB, true).method, CacheMethod::kFlush);
  EXPECT_EQ(plan_cold(10 * kMiB, 480 * kMiB, 500 * kMiB, true).copies, 1);
}

TEST(PlanCold, SaysNoneWhenNeitherIsPossible) {
  EXPECT_EQ(plan_cold(10 * kMiB, 480 * kMiB, 500 * kMiB, false).method, CacheMethod::kNone);
}

TEST(Residency, NamesTheCliff) {
  EXPECT_EQ(residency(30, 20, 32), Residency::kFits);
  EXPECT_EQ(residency(40, 25, 32), Residency::kCliff);
  EXPECT_EQ(residency(60, 40, 32), Residency::kSpills);
  EXPECT_EQ(residency(60, 40, std::nullopt), Residency::kUnknown);
}

// Copies of less than an unknown size would be called cold, and may all be in cache.
TEST(PlanCold, DoesNotRotateOverACacheOfUnknownSize) {
  EXPECT_EQ(plan_cold(10 * kMiB, std::nullopt, 1000 * kMiB, true).method, CacheMethod::kFlush);
  const CacheState state = plan_cold(10 * kMiB, std::nullopt, 1000 * kMiB, false);
  EXPECT_EQ(state.method, CacheMethod::kNone);
  EXPECT_EQ(state.copies, 1);
  EXPECT_EQ(state.last_level_cache_bytes, std::nullopt);
}

}  // namespace
}  // namespace twofour::device
