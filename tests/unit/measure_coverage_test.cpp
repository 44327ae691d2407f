// Whether the 95 % intervals cover, and the verdicts err, as often as they say, on noise that
// machines make; for a given number of rounds, and with the stopping rule choosing it.
#include <gtest/gtest.h>

#include <cmath>
#include <cstdio>
#include <functional>
#include <memory>
#include <ostream>
#include <random>
#include <string>
#include <vector>

#include "core/median.h"
#include "measure/measure.h"
#include "measure/statistics.h"
#include "measure_loops.h"

namespace twofour::measure {
namespace {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr int kTrials = 300;
#else
constexpr int kTrials = 2000;
#endif

/// With fewer trials the bounds widen by what these many can tell: two standard errors.
double slack() { return kTrials >= 2000 ? 0 : 2 * std::sqrt(0.95 * 0.05 / kTrials); }

using Random = std::mt19937_64;
/// Relative time of one sample after the other.
using Series = std::function<double()>;

double normal(Random& random) { return std::normal_distribution<double>{}(random); }
double uniform(Random& random) { return std::uniform_real_distribution<double>{}(random); }

/// Noise of one kernel, and the disturbance that goes on from sample to sample, whoever's they are.
struct Noise {
  std::string name;
  std::function<Series(Random&)> own;
  std::function<Series(Random&)> shared;
  /// Rounds for the tests without the stopping rule.
  int rounds = 40;
  /// Equal kernels that are called different after so many rounds, at most. A 95 % interval
  /// excludes 1 in 5 % of cases, less what is a TIE, more where noise has a memory that the rounds
  /// show little of.
  double most_decided = 0.05;
  /// Before the stopping rule looks: a case of many kernels has it after few rounds.
  double min_time_s = 0.1;
  /// Of intervals with the stopping rule, at least.
  double least_covered = 0.93;
};

std::ostream& operator<<(std::ostream& out, const Noise& noise) { return out << noise.name; }

Series none(Random& /*random*/) {
  return [] { return 1.0; };
}

Series white(Random& random, double deviation) {
  return [&random, deviation] { return 1 + deviation * normal(random); };
}

Noise normal_noise() {
  return {.name = "normal", .own = [](Random& r) { return white(r, 0.03); }, .shared = none};
}

/// Autoregressive, as clocks and temperatures are: what disturbs a sample disturbs the next ones.
Noise drifting_noise() {
  const auto drift = [](Random& random) -> Series {
    return [&random, level = normal(random)]() mutable {
      constexpr double kPersistence = 0.7;
      level = kPersistence * level + std::sqrt(1 - kPersistence * kPersistence) * normal(random);
      return 1 + 0.04 * level;
    };
  };
  return {.name = "drifting",
          .own = [](Random& r) { return white(r, 0.04); },
          .shared = drift,
          .rounds = 500};
}

/// Two speeds 10 % apart: pages, placement, boost.
Noise bimodal_noise() {
  const auto own = [](Random& random) -> Series {
    return [&random] { return 1 + (uniform(random) < 0.35 ? 0.10 : 0) + 0.02 * normal(random); };
  };
  return {.name = "bimodal", .own = own, .shared = none};
}

/// One sample in ten is interrupted, by a time that varies.
Noise spiky_noise() {
  const auto own = [](Random& random) -> Series {
    return [&random] {
      const double spike = uniform(random) < 0.1 ? -0.5 * std::log(uniform(random)) : 0;
      return 1 + 0.03 * normal(random) + spike;
    };
  };
  return {.name = "spiky", .own = own, .shared = none};
}

/// Two speeds with a memory: slow for three samples on average, then fast for six.
class TwoSpeeds {
 public:
  TwoSpeeds(Random& random, double slower)
      : random_(&random), slower_(slower), slow_(uniform(random) < 1.0 / 3) {}
  double operator()() {
    slow_ = uniform(*random_) < (slow_ ? 2.0 / 3 : 1.0 / 6);
    return slow_ ? 1 + slower_ : 1;
  }

 private:
  Random* random_;
  double slower_;
  bool slow_;
};

/// Cores that change their speed together: what one kernel loses, the next one loses too.
Noise switching_for_all() {
  return {.name = "switching_for_all",
          .own = [](Random& r) { return white(r, 0.02); },
          .shared = [](Random& r) { return TwoSpeeds(r, 0.10); },
          .rounds = 300};
}

/// One core of two changes its speed: it slows those kernels whose launches it takes part in then,
/// each at times of its own.
Noise switching_for_some() {
  const auto own = [](Random& random) -> Series {
    return [noise = white(random, 0.03), speed = TwoSpeeds(random, 0.08)]() mutable {
      return noise() * speed();
    };
  };
  return {.name = "switching_for_some",
          .own = own,
          .shared = none,
          .rounds = 300,
          .most_decided = 0.06};
}

/// As a GPU with rests: intervals are narrow enough at the first look, or nearly.
Noise quiet_noise() {
  return {.name = "quiet",
          .own = [](Random& r) { return white(r, 0.006); },
          .shared = none,
          .min_time_s = 0};
}

/// Quieter, but for a slow speed that the first looks may miss, or see alone: no rule that stops
/// after some ten rounds can tell. The ratio is right to the precision all the same.
Noise quiet_switching() {
  const auto own = [](Random& random) -> Series {
    return [noise = white(random, 0.002), speed = TwoSpeeds(random, 0.02)]() mutable {
      return noise() * speed();
    };
  };
  return {.name = "quiet_switching",
          .own = own,
          .shared = none,
          .rounds = 300,
          .min_time_s = 0,
          .least_covered = 0.88};
}

/// The median that an endless measurement would find.
double true_median(const Noise& noise) {
  Random random(1);
  const Series own = noise.own(random);
  const Series shared = noise.shared(random);
  std::vector<double> values(400'000);
  for (double& v : values) v = own() * shared();
  return median(std::move(values));
}

bool covers(const Interval& interval, double truth) {
  return interval.low <= truth && truth <= interval.high;
}

constexpr double kRatio = 1.3;
constexpr double kPrecision = 0.01;

/// What one measurement of a dense and a 2:4 kernel found.
struct Found {
  Interval dense_median;
  Ratio ratio;
  double seconds = 0;  ///< that the rounds took
};

Found with_given_rounds(const Noise& noise, Random& random, double true_ratio) {
  const Series dense_noise = noise.own(random);
  const Series sparse_noise = noise.own(random);
  const Series shared = noise.shared(random);
  std::vector<double> dense;
  std::vector<double> sparse;
  for (int i = 0; i < noise.rounds; ++i) {
    dense.push_back(true_ratio * shared() * dense_noise());
    sparse.push_back(shared() * sparse_noise());
  }
  return {median_interval(dense), compare(dense, sparse)};
}

Found with_stopping_rule(const Noise& noise, Random& random, double true_ratio) {
  World world;
  const Series dense_noise = noise.own(random);
  const Series sparse_noise = noise.own(random);
  const Series shared = noise.shared(random);
  constexpr double kLaunch_s = 1e-3;
  PretendLoop dense(world, 0,
                    [&](int) { return kLaunch_s * true_ratio * shared() * dense_noise(); });
  PretendLoop sparse(world, 1, [&](int) { return kLaunch_s * shared() * sparse_noise(); });
  const std::vector<Contender> contenders{{.loop = &dense, .dense = true},
                                          {.loop = &sparse, .dense = false}};
  const Sampling sampling = sample_interleaved(
      contenders, 1e-9,
      {.precision = kPrecision, .max_time_s = 10, .min_time_s = noise.min_time_s, .seed = random()},
      {}, world.clock());
  Interval dense_s = median_interval(sampling.samples[0].device_s);
  dense_s.low /= kLaunch_s;
  dense_s.high /= kLaunch_s;
  return {dense_s, compare(sampling.samples[0].device_s, sampling.samples[1].device_s),
          world.now_s};
}

using Measurement = Found (*)(const Noise&, Random&, double);

struct Rates {
  double median_covered = 0;
  double ratio_covered = 0;
  double decided = 0;  ///< WIN or LOSS
  double seconds = 0;  ///< on average
  double right = 0;    ///< the ratio is within the precision of the true one
};

Rates rates(const Noise& noise, Measurement measurement, double true_ratio) {
  Random random(20'240'601);
  const double truth = true_ratio * true_median(noise);
  Rates rates;
  for (int i = 0; i < kTrials; ++i) {
    const Found found = measurement(noise, random, true_ratio);
    rates.median_covered += covers(found.dense_median, truth) ? 1.0 / kTrials : 0;
    rates.ratio_covered += covers(found.ratio.interval, true_ratio) ? 1.0 / kTrials : 0;
    const Verdict verdict = found.ratio.verdict;
    rates.decided += verdict == Verdict::kWin || verdict == Verdict::kLoss ? 1.0 / kTrials : 0;
    rates.seconds += found.seconds / kTrials;
    rates.right += std::abs(found.ratio.value / true_ratio - 1) <= kPrecision ? 1.0 / kTrials : 0;
  }
  std::printf("%-20s ratio %.1f, median %.1f %% covered, %.1f %% decided, right %.2f %%, %.2f s\n",
              noise.name.c_str(), 100 * rates.ratio_covered, 100 * rates.median_covered,
              100 * rates.decided, 100 * rates.right, rates.seconds);
  return rates;
}

void expect_coverage(const Rates& rates, double least = 0.93) {
  EXPECT_GE(rates.median_covered, least - slack());
  EXPECT_LE(rates.median_covered, 0.97 + slack());
  EXPECT_GE(rates.ratio_covered, least - slack());
  EXPECT_LE(rates.ratio_covered, 0.97 + slack());
}

class Coverage : public ::testing::TestWithParam<Noise> {};

TEST_P(Coverage, OfGivenRounds) {
  const Rates found = rates(GetParam(), with_given_rounds, kRatio);
  expect_coverage(found);
  EXPECT_GE(found.decided, 0.99) << "30 % is far outside the noise";
}

TEST_P(Coverage, WithTheStoppingRule) {
  const Rates found = rates(GetParam(), with_stopping_rule, kRatio);
  expect_coverage(found, GetParam().least_covered);
  EXPECT_GE(found.right, 0.94 - slack());
}

TEST_P(Coverage, EqualKernelsAreRarelyCalledDifferent) {
  EXPECT_LE(rates(GetParam(), with_given_rounds, 1).decided, GetParam().most_decided + slack());
}

TEST_P(Coverage, EqualKernelsAreRarelyCalledDifferentWithTheStoppingRule) {
  EXPECT_LE(rates(GetParam(), with_stopping_rule, 1).decided, 0.05 + slack());
}

/// A clock that falls by 15 % while the rounds run (docs/measurement.md).
TEST(TrendCoverage, OfTheRatioIsNotTouchedByACommonTrend) {
  Noise noise = normal_noise();
  noise.shared = [](Random& /*random*/) -> Series {
    return [level = 1.0]() mutable { return level += 0.15 / 80; };
  };
  int covered = 0;
  Random random(7);
  for (int i = 0; i < kTrials; ++i) {
    // The second of a round always sees the higher level: by 0.19 % at most.
    const Found found = with_given_rounds(noise, random, kRatio);
    covered += covers(found.ratio.interval, kRatio) ? 1 : 0;
  }
  EXPECT_GE(covered, (0.93 - slack()) * kTrials);
  EXPECT_LE(covered, (0.97 + slack()) * kTrials);
}

INSTANTIATE_TEST_SUITE_P(Noise, Coverage,
                         ::testing::Values(normal_noise(), drifting_noise(), bimodal_noise(),
                                           spiky_noise(), switching_for_all(), switching_for_some(),
                                           quiet_noise(), quiet_switching()),
                         [](const auto& test) { return test.param.name; });

}  // namespace
}  // namespace twofour::measure
