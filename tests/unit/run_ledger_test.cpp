#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <span>
#include <utility>
#include <vector>

#include "run/ledger.h"

namespace twofour::run {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

Record row(int case_index, std::string kernel, CacheMode mode,
           OutcomeKind kind = OutcomeKind::kOk) {
  Record record;
  record.case_index = case_index;
  record.kernel = std::move(kernel);
  record.cache.mode = mode;
  record.outcome.kind = kind;
  return record;
}

constexpr std::array kBoth{CacheMode::kCold, CacheMode::kHot};

TEST(Ledger, KeepsEachRowOnce) {
  Ledger ledger;
  EXPECT_TRUE(ledger.add(row(0, "mm", CacheMode::kCold)));
  EXPECT_TRUE(ledger.add(row(0, "mm", CacheMode::kHot)));
  EXPECT_TRUE(ledger.add(row(1, "mm", CacheMode::kCold)));
  EXPECT_FALSE(ledger.add(row(0, "mm", CacheMode::kHot)));
  EXPECT_THAT(ledger.records(), SizeIs(3));
  EXPECT_THAT(ledger.rows_of_case(0), SizeIs(2));
  EXPECT_TRUE(ledger.touched(1));
  EXPECT_FALSE(ledger.touched(2));
}

TEST(Ledger, AKernelIsDoneWithARowForEachCacheModeOrOneWithoutAResult) {
  Ledger ledger;
  ledger.add(row(0, "cold alone", CacheMode::kCold));
  ledger.add(row(0, "both", CacheMode::kCold));
  ledger.add(row(0, "both", CacheMode::kHot, OutcomeKind::kUnstable));
  ledger.add(row(0, "failed", CacheMode::kCold, OutcomeKind::kFailed));
  EXPECT_FALSE(ledger.done(0, "cold alone", kBoth));
  EXPECT_TRUE(ledger.done(0, "cold alone", std::span(kBoth).first(1)));
  EXPECT_TRUE(ledger.done(0, "both", kBoth));
  EXPECT_TRUE(ledger.done(0, "failed", kBoth));
  EXPECT_FALSE(ledger.done(1, "both", kBoth));
}

TEST(Ledger, WhatIsLeftKnowsWhatToAvoid) {
  Ledger ledger;
  ledger.add(row(0, "done", CacheMode::kCold));
  ledger.add(EndedAttempt{0, "left", "a", "ended by SIGSEGV"});
  ledger.add(EndedAttempt{1, "left", "b", "ended by SIGSEGV"});
  ledger.add(EndedAttempt{0, "left", "c", "ended by SIGSEGV"});
  std::vector<SelectedKernel> kernels(2);
  kernels[0].kernel.name = "done";
  kernels[1].kernel.name = "left";
  const auto left = ledger.kernels_left(0, kernels, std::span(kBoth).first(1));
  ASSERT_THAT(left, SizeIs(1));
  EXPECT_THAT(left[0].avoid, ElementsAre("a", "c"));
  EXPECT_THAT(ledger.avoid(2, "left"), IsEmpty());
}

}  // namespace
}  // namespace twofour::run
