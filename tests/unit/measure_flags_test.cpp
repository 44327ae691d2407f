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
  record.cache = {.mode = CacheMode::kCold, .method = CacheMethod::kRotate, .residency = "spills"};
  record.summary = Summary{.median_s = median_s};
  record.vs_dense =
      Ratio{.value = ratio, .interval = {ratio * 0.99, ratio * 1.01}, .verdict = Verdict::kWin};
  return record;
}

std::vector<std::string> flags_of(const Record& record) {
  return flags(record, record.vs_dense->value * record.summary->median_s, roofs());
}

TEST(Flags, NoneForARowThatIsAsItShouldBe) {
  EXPECT_THAT(flags_of(row(1, kRead_s * 0.625 / 0.9, 1.5)), IsEmpty());
  EXPECT_THAT(flags_of(row(1000, 1000 * kMultiplyRow_s / 2 / 0.9, 1.9)), IsEmpty());
}

TEST(Flags, NotColdWhereNothingKeepsWeightsOut) {
  Record record = row(1, kRead_s, 1.5);
  record.cache.method = CacheMethod::kNone;
  EXPECT_THAT(flags_of(record), ElementsAre("NOT_COLD"));
  record.cache.mode = CacheMode::kHot;
  EXPECT_THAT(flags_of(record), IsEmpty()) << "hot rows are meant to be";
}

TEST(Flags, NotColdWhereWeightsComeFasterThanMemoryGivesThem) {
  EXPECT_THAT(flags_of(row(1, kRead_s * 0.625 / 1.09, 1.5)), IsEmpty());
  EXPECT_THAT(flags_of(row(1, kRead_s * 0.625 / 1.11, 1.5)), ElementsAre("NOT_COLD"));
}

TEST(Flags, NotColdCountsTheBytesOfTheRowsOwnFormat) {
  Record dense = row(1, kRead_s / 1.09, 1);
  dense.problem.sparsity = Sparsity::kDense;
  EXPECT_THAT(flags_of(dense), IsEmpty());
  dense.summary->median_s = kRead_s / 1.11;
  EXPECT_THAT(flags_of(dense), ElementsAre("NOT_COLD"));
}

TEST(Flags, WeakBaselineBelowTheStatedShareOfBothRoofs) {
  // Dense at 41 and 39 % of the multiply roof (M = 1000), then of the read roof (M = 1).
  EXPECT_THAT(flags_of(row(1000, 1000 * kMultiplyRow_s / 0.41 / 1.5, 1.5)), IsEmpty());
  EXPECT_THAT(flags_of(row(1000, 1000 * kMultiplyRow_s / 0.39 / 1.5, 1.5)),
              ElementsAre("WEAK_BASELINE"));
  EXPECT_THAT(flags_of(row(1, kRead_s / 0.42 / 1.5, 1.5)), IsEmpty());
  EXPECT_THAT(flags_of(row(1, kRead_s / 0.39 / 1.5, 1.5)), ElementsAre("WEAK_BASELINE"));
}

TEST(Flags, AboveTwoIsMoreThanArithmeticGives) {
  const double sparse_s = 1000 * kMultiplyRow_s / 2;
  EXPECT_THAT(flags_of(row(1000, sparse_s, 2.01)), IsEmpty()) << "its interval holds 2";
  EXPECT_THAT(flags_of(row(1000, sparse_s, 2.1)), ElementsAre("WEAK_BASELINE", "ABOVE_CEILING"));
}

TEST(Flags, AboveTheBytesIsMoreThanMemoryGives) {
  EXPECT_THAT(flags_of(row(1, kRead_s * 0.625, 1.59)), IsEmpty());
  EXPECT_THAT(flags_of(row(1, kRead_s * 0.625, 1.65)),
              ElementsAre("WEAK_BASELINE", "ABOVE_CEILING"));
}

TEST(Flags, UnstableFollowsTheOutcome) {
  Record record = row(1, kRead_s * 0.7, 1.5);
  record.outcome = {OutcomeKind::kUnstable, "--max-time was over"};
  EXPECT_THAT(flags_of(record), ElementsAre("UNSTABLE"));
}

TEST(Flags, CliffIsForHotRowsAcrossIt) {
  Record record = row(1, kRead_s / 5, 4);
  record.cache = {.mode = CacheMode::kHot, .residency = "cliff"};
  EXPECT_THAT(flags_of(record), ElementsAre("CLIFF")) << "4x is what the cache gives";
  record.cache.residency = "fits";
  EXPECT_THAT(flags_of(record), ElementsAre("WEAK_BASELINE", "ABOVE_CEILING"));
  record.cache.mode = CacheMode::kCold;
  record.cache.method = CacheMethod::kRotate;
  record.cache.residency = "cliff";
  EXPECT_THAT(flags_of(record), Not(Contains("CLIFF")));
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
  EXPECT_THAT(flags(record, 1.0, {}), ElementsAre("WEAK_BASELINE", "ABOVE_CEILING"));
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

}  // namespace
}  // namespace twofour::measure
