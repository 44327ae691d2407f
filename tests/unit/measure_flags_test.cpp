#include "measure/flags.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace twofour::measure {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Not;

// 1e12 multiply-adds a second and 1e10 bytes a second: 4096 x 4096 weights of one byte take 1.678
// ms to read and M x 16.8 us to multiply, so they meet at M = 100.
Roofs roofs() {
  Roofs roofs;
  roofs.multiply_adds_per_s = {{DataType::kInt8, 1e12}, {DataType::kBf16, 1e12}};
  roofs.read_bytes_per_s = 1e10;
  return roofs;
}

constexpr double kRead_s = 4096.0 * 4096 / 1e10;
constexpr double kMultiplyRow_s = 4096.0 * 4096 / 1e12;

/// A 2:4 row, cold by rotation, that took `median_s`, with a ratio of `ratio` give or take 1 %.
Record row(std::int64_t m, double median_s, double ratio) {
  Record record;
  record.problem.shape = {.m = m, .n = 4096, .k = 4096};
  record.problem.sparsity = Sparsity::kTwoFour;
  record.cache = {
      .mode = CacheMode::kCold, .method = CacheMethod::kRotate, .residency = Residency::kSpills};
  record.summary = Summary{.median_s = median_s};
  record.vs_dense =
      Ratio{.value = ratio, .interval = {ratio * 0.99, ratio * 1.01}, .verdict = Verdict::kWin};
  return record;
}

std::vector<Flag> flags_of(const Record& record) {
  return flags(record, record.vs_dense->value * record.summary->median_s, roofs());
}

TEST(Flags, NoneForARowThatIsAsItShouldBe) {
  EXPECT_THAT(flags_of(row(1, kRead_s * 0.625 / 0.9, 1.5)), IsEmpty());
  EXPECT_THAT(flags_of(row(1000, 1000 * kMultiplyRow_s / 2 / 0.9, 1.9)), IsEmpty());
}

TEST(Flags, SixOfEightHasCeilingsOfItsOwn) {
  Record record = row(1, kRead_s, 1.05);
  record.problem.sparsity = record.pattern = Sparsity::kSixEight;
  EXPECT_NEAR(*speed_up_ceiling(record, roofs()), 1 / 0.9375, 1e-12);
  record.problem.a = record.problem.b = DataType::kBf16;
  EXPECT_NEAR(*speed_up_ceiling(record, roofs()), 1 / 0.84375, 1e-12);
  record = row(1000, 1000 * kMultiplyRow_s * 0.75 / 0.9, 1.4);
  record.problem.sparsity = record.pattern = Sparsity::kSixEight;
  EXPECT_NEAR(*speed_up_ceiling(record, roofs()), 4.0 / 3, 1e-12);
  EXPECT_THAT(flags_of(record), Contains(Flag::kAboveCeiling));
  record.vs_dense = Ratio{.value = 1.3, .interval = {1.29, 1.31}, .verdict = Verdict::kWin};
  EXPECT_THAT(flags_of(record), Not(Contains(Flag::kAboveCeiling)));
}

TEST(Flags, ALaunchOfManyExpertsReadsTheWeightsOfAll) {
  Record record = row(1, 10 * kRead_s * 0.625 / 0.9, 1.5);
  record.experts = 10;
  EXPECT_THAT(flags_of(record), IsEmpty());
  record.summary->median_s = 10 * kRead_s * 0.625 / 1.2;
  EXPECT_THAT(flags_of(record), ElementsAre(Flag::kNotCold));
  EXPECT_NEAR(*dense_equivalent_tflops(record),
              10 * 2.0 * 4096 * 4096 / record.summary->median_s / 1e12, 1e-9);
}

TEST(Flags, NotColdWhereNothingKeepsWeightsOut) {
  Record record = row(1, kRead_s, 1.5);
  record.cache.method = CacheMethod::kNone;
  EXPECT_THAT(flags_of(record), ElementsAre(Flag::kNotCold));
  record.cache.mode = CacheMode::kHot;
  EXPECT_THAT(flags_of(record), IsEmpty()) << "hot rows are meant to be";
}

TEST(Flags, NotColdWhereWeightsComeFasterThanMemoryGivesThem) {
  EXPECT_THAT(flags_of(row(1, kRead_s * 0.625 / 1.09, 1.5)), IsEmpty());
  EXPECT_THAT(flags_of(row(1, kRead_s * 0.625 / 1.11, 1.5)), ElementsAre(Flag::kNotCold));
}

TEST(Flags, NotColdCountsTheBytesOfTheRowsOwnFormat) {
  Record dense = row(1, kRead_s / 1.09, 1);
  dense.problem.sparsity = Sparsity::kDense;
  EXPECT_THAT(flags_of(dense), IsEmpty());
  dense.summary->median_s = kRead_s / 1.11;
  EXPECT_THAT(flags_of(dense), ElementsAre(Flag::kNotCold));
}

TEST(Flags, WeakBaselineBelowTheStatedShareOfBothRoofs) {
  // Dense at 41 and 39 % of the multiply roof (M = 1000), then of the read roof (M = 1).
  EXPECT_THAT(flags_of(row(1000, 1000 * kMultiplyRow_s / 0.41 / 1.5, 1.5)), IsEmpty());
  EXPECT_THAT(flags_of(row(1000, 1000 * kMultiplyRow_s / 0.39 / 1.5, 1.5)),
              ElementsAre(Flag::kWeakBaseline));
  EXPECT_THAT(flags_of(row(1, kRead_s / 0.42 / 1.5, 1.5)), IsEmpty());
  EXPECT_THAT(flags_of(row(1, kRead_s / 0.39 / 1.5, 1.5)), ElementsAre(Flag::kWeakBaseline));
}

TEST(Flags, AboveTwoIsMoreThanArithmeticGives) {
  const double sparse_s = 1000 * kMultiplyRow_s / 2;
  EXPECT_THAT(flags_of(row(1000, sparse_s, 2.01)), IsEmpty()) << "its interval holds 2";
  EXPECT_THAT(flags_of(row(1000, sparse_s, 2.1)),
              ElementsAre(Flag::kWeakBaseline, Flag::kAboveCeiling));
}

TEST(Flags, AboveTheBytesIsMoreThanMemoryGives) {
  EXPECT_THAT(flags_of(row(1, kRead_s * 0.625, 1.59)), IsEmpty());
  EXPECT_THAT(flags_of(row(1, kRead_s * 0.625, 1.65)),
              ElementsAre(Flag::kWeakBaseline, Flag::kAboveCeiling));
}

TEST(Flags, UnstableFollowsTheOutcome) {
  Record record = row(1, kRead_s * 0.7, 1.5);
  record.outcome = {OutcomeKind::kUnstable, "--max-time was over"};
  EXPECT_THAT(flags_of(record), ElementsAre(Flag::kUnstable));
}

TEST(Flags, CliffIsForHotRowsAcrossIt) {
  Record record = row(1, kRead_s / 5, 4);
  record.cache = {.mode = CacheMode::kHot, .residency = Residency::kCliff};
  EXPECT_THAT(flags_of(record), ElementsAre(Flag::kCliff)) << "4x is what the cache gives";
  record.cache.residency = Residency::kFits;
  EXPECT_THAT(flags_of(record), ElementsAre(Flag::kWeakBaseline, Flag::kAboveCeiling));
  record.cache.mode = CacheMode::kCold;
  record.cache.method = CacheMethod::kRotate;
  record.cache.residency = Residency::kCliff;
  EXPECT_THAT(flags_of(record), Not(Contains(Flag::kCliff)));
}

TEST(Flags, AreForTwoFourRowsWhereTheyJudgeARatio) {
  Record dense = row(1000, 1000 * kMultiplyRow_s * 20, 3);
  dense.problem.sparsity = Sparsity::kDense;
  EXPECT_THAT(flags_of(dense), IsEmpty());
}

TEST(Flags, WithoutRoofsOnlyTheArithmeticCeilingHolds) {
  Record record = row(1, kRead_s / 100, 1.9);
  EXPECT_THAT(flags(record, 1.0, {}), IsEmpty());
  record.vs_dense->interval.low = 2.1;
  EXPECT_THAT(flags(record, 1.0, {}), ElementsAre(Flag::kWeakBaseline, Flag::kAboveCeiling));
}

TEST(SpeedUpCeiling, IsWhatTheDecidingRoofLeaves) {
  Record record = row(1, 1, 1);
  EXPECT_NEAR(*speed_up_ceiling(record, roofs()), 1.60, 1e-9);
  // At M = 110 dense is at its multiply roof, 2:4 at its read roof: 1.1 / 0.625.
  record.problem.shape.m = 110;
  EXPECT_NEAR(*speed_up_ceiling(record, roofs()), 1.76, 1e-9);
  record.problem.shape.m = 1000;
  EXPECT_NEAR(*speed_up_ceiling(record, roofs()), 2, 1e-9);
}

TEST(SpeedUpCeiling, Is178For16BitWeights) {
  Record record = row(1, 1, 1);
  record.problem.a = record.problem.b = DataType::kBf16;
  EXPECT_NEAR(*speed_up_ceiling(record, roofs()), 2 / 1.125, 1e-9);
}

TEST(Flags, BusyWhereOthersUsedTheDevice) {
  Record record = row(1, kRead_s * 0.625 / 0.9, 1.5);
  record.clocks = {.foreign_share = 0.04, .steal_share = 0.04, .foreign_processes = 0};
  EXPECT_THAT(flags_of(record), IsEmpty());
  record.clocks.foreign_share = 0.06;
  EXPECT_THAT(flags_of(record), ElementsAre(Flag::kBusy));
  record.clocks = {.steal_share = 0.06};
  EXPECT_THAT(flags_of(record), ElementsAre(Flag::kBusy));
  record.clocks = {.foreign_processes = 1};
  EXPECT_THAT(flags_of(record), ElementsAre(Flag::kBusy));
  record.clocks = {};
  EXPECT_THAT(flags_of(record), IsEmpty()) << "nobody knows";
}

TEST(Flags, ThrottledWhereAQuotaStoppedTheProcess) {
  Record record = row(1, kRead_s * 0.625 / 0.9, 1.5);
  record.clocks.quota_throttled_share = 0;
  EXPECT_THAT(flags_of(record), IsEmpty());
  record.clocks.quota_throttled_share = 0.01;
  EXPECT_THAT(flags_of(record), ElementsAre(Flag::kThrottled));
}

TEST(Flags, RoofsThatAreNotKnownJudgeNothing) {
  const Record record = row(1, kRead_s * 0.625 / 5, 1.9);
  EXPECT_THAT(flags(record, kRead_s * 100, Roofs{}), IsEmpty());
  Roofs half = roofs();
  half.read_bytes_per_s.reset();
  EXPECT_THAT(flags(record, kRead_s * 100, half), IsEmpty());
}

}  // namespace
}  // namespace twofour::measure
