#include "measure/statistics.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <numeric>
#include <stdexcept>

namespace twofour::measure {
namespace {

/// 1 to n in an order without serial correlation that the estimate would see: up, down, up, ...
std::vector<double> alternating(int n) {
  std::vector<double> values;
  for (int low = 1, high = n; low <= high; ++low, --high) {
    values.push_back(low);
    if (low != high) values.push_back(high);
  }
  return values;
}

TEST(MedianInterval, IsNotKnownBelowSixValues) {
  EXPECT_FALSE(is_known(median_interval({5, 1, 4, 2, 3})));
  EXPECT_FALSE(is_known(median_interval({1})));
  EXPECT_FALSE(is_known(median_interval({})));
  EXPECT_TRUE(is_known(median_interval({5, 1, 4, 2, 3, 6})));
}

// By hand from binomial probabilities. n = 8: the pair (1, 8) covers 0.9921875 and (2, 7) covers
// 0.9296875, so I = 0.0421875 / 0.0625 = 0.675 and lambda = 7 I / (1 + 6 I) = 0.935644.
TEST(MedianInterval, InterpolatesRanksAfterHettmanspergerAndSheather) {
  const Interval interval = median_interval(alternating(8));
  EXPECT_NEAR(interval.low, 1.935644, 1e-6);
  EXPECT_NEAR(interval.high, 7.064356, 1e-6);
}

// n = 10: (2, 9) covers 0.978515625, (3, 8) covers 0.890625: I = 0.324444, and lambda =
// 8 I / (2 + 6 I) = 0.657658.
TEST(MedianInterval, InterpolatesRanksOfTen) {
  EXPECT_NEAR(median_interval(alternating(10)).low, 2.657658, 1e-6);
}

TEST(MedianInterval, FollowsTheNormalApproximationForManyValues) {
  const int n = 4001;
  const Interval interval = median_interval(alternating(n));
  const double half = 1.959964 * std::sqrt(n) / 2;
  EXPECT_NEAR(interval.low, (n + 1) / 2.0 - half, 0.6);
  EXPECT_NEAR(interval.low + interval.high, n + 1, 1e-9);
}

TEST(MedianInterval, IsAPointWhereAllValuesAreEqual) {
  const Interval interval = median_interval(std::vector<double>(20, 3.5));
  EXPECT_EQ(interval.low, 3.5);
  EXPECT_EQ(interval.high, 3.5);
}

TEST(MedianInterval, WidensWhereNeighboursAreAlike) {
  std::vector<double> rising(100);
  std::iota(rising.begin(), rising.end(), 1.0);
  const Interval drift = median_interval(rising);
  const Interval independent = median_interval(alternating(100));
  EXPECT_GT(drift.high - drift.low, 3 * (independent.high - independent.low));
  EXPECT_GE(drift.low, 1);
  EXPECT_LE(drift.high, 100);
}

TEST(Summarise, StatesLocationAndSpread) {
  const Summary summary = summarise({.device_s = {2, 4, 9}, .host_s = {3, 1, 2}});
  EXPECT_EQ(summary.median_s, 4);
  EXPECT_EQ(summary.mean_s, 5);
  EXPECT_NEAR(summary.std_s, std::sqrt(13.0), 1e-12);
  EXPECT_EQ(summary.min_s, 2);
  EXPECT_EQ(summary.host_median_s, 2);
  EXPECT_EQ(summary.samples, 3);
  EXPECT_FALSE(is_known(summary.median_interval_s)) << "three samples";
}

TEST(Summarise, HasNoSpreadOfOneSample) {
  EXPECT_EQ(summarise({.device_s = {2}, .host_s = {2}}).std_s, 0);
  EXPECT_THROW(summarise({}), std::invalid_argument);
}

TEST(Compare, PairsWithinRounds) {
  // The machine slows down by three; each round still says 2.
  const std::vector<double> baseline{2, 4, 6, 2, 4, 6, 2, 4};
  const std::vector<double> kernel{1, 2, 3, 1, 2, 3, 1, 2};
  const Ratio ratio = compare(baseline, kernel);
  EXPECT_EQ(ratio.value, 2);
  EXPECT_EQ(ratio.interval.low, 2);
  EXPECT_EQ(ratio.interval.high, 2);
  EXPECT_EQ(ratio.verdict, Verdict::kWin);
  EXPECT_EQ(compare(kernel, baseline).verdict, Verdict::kLoss);
}

TEST(Compare, AFewPairsDecideNothing) {
  const std::vector<double> slow(6, 3.0);
  const std::vector<double> fast(6, 1.0);
  EXPECT_EQ(compare(slow, fast).verdict, Verdict::kWin);
  const auto few = std::span(slow).first(5);
  EXPECT_EQ(compare(few, fast).verdict, Verdict::kInconclusive);
  EXPECT_EQ(compare(few, few).verdict, Verdict::kInconclusive);
  EXPECT_EQ(compare(few, fast).value, 3);
  EXPECT_FALSE(is_known(compare(few, fast).interval));
}

TEST(Compare, LeavesOutTheRoundsOfOneAlone) {
  const std::vector<double> three{2, 2, 2};
  const std::vector<double> five{1, 1, 1, 100, 100};
  EXPECT_EQ(compare(three, five).value, 2);
  EXPECT_EQ(compare(five, three).value, 0.5);
}

TEST(Compare, RefusesSetsWithoutAPair) {
  EXPECT_THROW(compare(std::vector<double>{1}, {}), std::invalid_argument);
  EXPECT_THROW(compare({}, {}), std::invalid_argument);
}

TEST(Decide, FollowsTheInterval) {
  EXPECT_EQ(decide({1.001, 1.2}), Verdict::kWin);
  EXPECT_EQ(decide({0.8, 0.999}), Verdict::kLoss);
  EXPECT_EQ(decide({0.9, 1.1}), Verdict::kInconclusive);
  EXPECT_EQ(decide({0.99, 1.01}), Verdict::kTie);
  EXPECT_EQ(decide({0.995, 1.02}), Verdict::kInconclusive);
}

TEST(Decide, CallsATieWhatLiesWithinOnePercentAndExcludesOne) {
  EXPECT_EQ(decide({1.002, 1.008}), Verdict::kTie);
  EXPECT_EQ(decide({0.992, 0.998}), Verdict::kTie);
}

TEST(Decide, DoesNotKnowWithoutNumbers) {
  constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
  EXPECT_EQ(decide({kNan, kNan}), Verdict::kInconclusive);
}

TEST(FastestOf, IsTheLowestMedianOfThoseThatStayed) {
  const std::vector<double> slow{3, 3, 3};
  const std::vector<double> fast{1, 2, 9};
  const std::vector<double> equal{2, 2, 2};
  EXPECT_EQ(fastest_of(std::vector<std::span<const double>>{slow, fast, equal}), 1U);
  EXPECT_EQ(fastest_of({}), std::nullopt);
  EXPECT_EQ(fastest_of(std::vector<std::span<const double>>{{}, slow}), 1U);
}

TEST(FastestOf, JudgesOneThatEndedEarlyByTheRoundsThatBothHave) {
  const std::vector<double> slowed{1, 1, 1, 5, 5, 5, 5};
  const std::vector<double> early{1.1, 1.1, 1.1};
  const std::vector<double> faster{0.9, 0.9};
  EXPECT_EQ(fastest_of(std::vector<std::span<const double>>{early, slowed}), 1U)
      << "a lower median, but it was slower";
  EXPECT_EQ(fastest_of(std::vector<std::span<const double>>{early, slowed, faster}), 2U);
}

}  // namespace
}  // namespace twofour::measure
