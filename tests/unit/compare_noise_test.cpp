// Whether compare calls equal rows different as rarely as it says, and finds changes as often.
#include <gtest/gtest.h>

#include <cmath>
#include <string>
#include <vector>

#include "compare/comparison.h"
#include "compare/estimate.h"
#include "compare_runs.h"
#include "measure/statistics.h"

namespace twofour::compare {
namespace {

/// Noise at which medians of `count` samples have 95 % intervals of `half_width` on average.
double deviation_for(std::size_t count, double half_width, double persistence) {
  Random random(11);
  constexpr double kTrial = 0.01;
  constexpr int kTrials = 200;
  double mean = 0;
  for (int i = 0; i < kTrials; ++i) {
    const Interval ends = measure::median_interval(times(random, count, 1, kTrial, persistence));
    mean += (ends.high - ends.low) / 2 / kTrials;
  }
  return kTrial * half_width / mean;
}

struct Noise {
  std::string name;
  std::size_t count;
  double half_width;
  double persistence;
};

/// Two runs of `rows` cases, where NEW takes `factor` times as long.
struct Trial {
  std::vector<report::Run> before{run({})};
  std::vector<report::Run> after{run({})};

  Trial(Random& random, const Noise& noise, double deviation, int rows, double factor) {
    for (int i = 0; i < rows; ++i) {
      const auto add = [&](report::Run& into, double location) {
        Record r = row("cpu_mm", i + 1,
                       times(random, noise.count, location, deviation, noise.persistence));
        into.records.push_back(std::move(r));
      };
      add(before.front(), 1e-3);
      add(after.front(), 1e-3 * factor);
    }
  }
};

std::size_t count_of(const Comparison& comparison, Word word) {
  return counts(comparison.changes)[static_cast<std::size_t>(word)];
}

class FalseWords : public ::testing::TestWithParam<Noise> {};

/// 20 trials of 500 equal rows: with a chance of 5 % each, 4 or more have a false word in one of 60
/// such tests; with the chance that is true here, next to never.
TEST_P(FalseWords, AreRareIn500EqualRows) {
  constexpr int kTrials = 20;
  constexpr int kRows = 500;
  const Noise& noise = GetParam();
  const double deviation = deviation_for(noise.count, noise.half_width, noise.persistence);
  Random random(20'261'129);
  int trials_with_false_words = 0;
  for (int i = 0; i < kTrials; ++i) {
    const Trial trial(random, noise, deviation, kRows, 1);
    const Comparison found = compare(trial.before, trial.after, {});
    EXPECT_EQ(found.changes.size(), static_cast<std::size_t>(kRows));
    const std::size_t words = count_of(found, Word::kSlower) + count_of(found, Word::kFaster);
    trials_with_false_words += words > 0 ? 1 : 0;
  }
  EXPECT_LE(trials_with_false_words, 3);
}

INSTANTIATE_TEST_SUITE_P(
    Noise, FalseWords,
    ::testing::Values(Noise{"of_27_samples_at_1_percent", 27, 0.01, 0},
                      Noise{"of_12_samples_at_1_percent", 12, 0.01, 0},
                      Noise{"of_27_samples_that_follow_one_another", 27, 0.01, 0.7},
                      Noise{"of_12_samples_that_follow_one_another", 12, 0.01, 0.7},
                      Noise{"of_27_samples_at_4_percent", 27, 0.04, 0}),
    [](const auto& test) { return test.param.name; });

struct Power {
  std::string name;
  double half_width;
  double factor;
};

class TrueWords : public ::testing::TestWithParam<Power> {};

/// Among 500 rows, so that the certain interval is the widest that it is likely to be. 300 of 300
/// rows would be found in 95 % of cases 285 times on average.
TEST_P(TrueWords, AreFoundInNineteenOfTwentyRows) {
  constexpr int kRows = 500;
  const Noise noise{"", 41, GetParam().half_width, 0};
  const double deviation = deviation_for(noise.count, noise.half_width, 0);
  Random random(7);
  const Trial trial(random, noise, deviation, kRows, GetParam().factor);
  const Comparison found = compare(trial.before, trial.after, {});
  const Word expected = GetParam().factor > 1 ? Word::kSlower : Word::kFaster;
  EXPECT_GE(count_of(found, expected), 0.95 * kRows);
  ASSERT_TRUE(found.common_time.has_value());
  EXPECT_NEAR(found.common_time->change, GetParam().factor, 0.002);
}

INSTANTIATE_TEST_SUITE_P(Changes, TrueWords,
                         ::testing::Values(Power{"of_5_percent_at_1_percent", 0.01, 1.05},
                                           Power{"of_3_percent_at_a_third", 0.0035, 1.03},
                                           Power{"to_the_better", 0.01, 1 / 1.05}),
                         [](const auto& test) { return test.param.name; });

/// The likely interval covers, and noise that a short series cannot show is seen in many.
TEST(Difference, CoversTheChange) {
  Random random(3);
  constexpr int kTrials = 600;
  int covered = 0;
  for (int i = 0; i < kTrials; ++i) {
    const std::vector<Series> before{times(random, 30, 1, 0.02)};
    const std::vector<Series> after{times(random, 30, 1, 0.02)};
    const Difference d = difference(before, after, 1, 0.05);
    covered += d.likely.low <= 0 && d.likely.high >= 0 ? 1 : 0;
  }
  EXPECT_GE(covered, 0.94 * kTrials);
  EXPECT_LE(covered, 0.995 * kTrials);
}

TEST(CommonCorrelation, IsSeenInManyShortSeries) {
  const auto of = [](double persistence) {
    Random random(5);
    CommonCorrelation common;
    for (int i = 0; i < 400; ++i) common.add(times(random, 27, 1, 0.02, persistence));
    return common.time();
  };
  EXPECT_NEAR(of(0), 1, 0.15);
  EXPECT_GE(of(0.7), 2.5);
}

/// Runs that differ by 2 % each, with samples that say 0.1 %: one run a side is sure of a change
/// that is none, three are not.
TEST(SeveralRuns, ShowWhatRunsDifferBy) {
  Random random(17);
  constexpr int kTrials = 200;
  int false_of_one = 0;
  int false_of_three = 0;
  for (int i = 0; i < kTrials; ++i) {
    std::vector<Series> before;
    std::vector<Series> after;
    for (int r = 0; r < 3; ++r) {
      for (std::vector<Series>* side : {&before, &after}) {
        side->push_back(times(random, 30, 1, 0.002));
        const double shift = 0.03 * normal(random);
        for (double& value : side->back()) value += shift;
      }
    }
    const std::span<const Series> olds(before);
    const std::span<const Series> news(after);
    const auto excludes = [](const Difference& d) { return d.likely.low > 0 || d.likely.high < 0; };
    false_of_one += excludes(difference(olds.first(1), news.first(1), 1, 0.05)) ? 1 : 0;
    false_of_three += excludes(difference(olds, news, 1, 0.05)) ? 1 : 0;
  }
  EXPECT_GE(false_of_one, 0.8 * kTrials);
  EXPECT_LE(false_of_three, 0.1 * kTrials);
}

}  // namespace
}  // namespace twofour::compare
