// Whether the 95 % intervals of totals, of what is saved and of speed-ups cover as often as they
// say, on rounds whose true medians are known.
#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <random>
#include <string>
#include <vector>

#include "decide/totals.h"

namespace twofour::decide {
namespace {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr int kTrials = 100;
#else
constexpr int kTrials = 1000;
#endif

struct TrueLayer {
  double weight;
  double dense_s;
  double ratio;  ///< dense over 2:4, of the medians
  bool wins;
};

/// Like the layers of a model; one where 2:4 loses and one where there is hardly a difference.
constexpr TrueLayer kLayers[] = {{32, 60e-6, 1.45, true},
                                 {32, 45e-6, 1.30, true},
                                 {32, 250e-6, 1.60, true},
                                 {32, 120e-6, 0.85, false},
                                 {64, 20e-6, 1.02, false}};

double normal(std::mt19937_64& random) { return std::normal_distribution<double>{}(random); }

/// Rounds of one layer. What disturbs a round (3 %) slows both kernels; each has noise of its own
/// (1.5 %). `memory`: how much of a round's disturbance is left in the next one.
LayerTime rounds_of(const TrueLayer& layer, std::mt19937_64& random, int rounds, double memory) {
  LayerTime time{.weight = layer.weight, .wins = layer.wins};
  double shared = normal(random);
  for (int i = 0; i < rounds; ++i) {
    shared = memory * shared + std::sqrt(1 - memory * memory) * normal(random);
    const double slow = 0.03 * shared;
    time.dense_s.push_back(layer.dense_s * std::exp(slow + 0.015 * normal(random)));
    time.sparse_s.push_back(layer.dense_s / layer.ratio * std::exp(slow + 0.015 * normal(random)));
  }
  return time;
}

bool covers(const Estimate& estimate, double truth) {
  return estimate.interval && estimate.interval->low <= truth && truth <= estimate.interval->high;
}

/// The share of trials in which each interval holds the truth.
std::map<std::string, double> coverage(int trials, int rounds, double memory) {
  double dense = 0;
  double sparse = 0;
  double mixed = 0;
  for (const TrueLayer& layer : kLayers) {
    const double d = layer.weight * layer.dense_s;
    dense += d;
    sparse += d / layer.ratio;
    mixed += layer.wins ? d / layer.ratio : d;
  }
  std::map<std::string, double> shares;
  for (int trial = 0; trial < trials; ++trial) {
    std::mt19937_64 random(static_cast<std::uint64_t>(trial));
    std::vector<LayerTime> layers;
    for (const TrueLayer& layer : kLayers) {
      layers.push_back(rounds_of(layer, random, rounds, memory));
    }
    const Totals found = totals(layers);
    const auto count = [&](const char* name, const Estimate& estimate, double truth) {
      shares[name] += covers(estimate, truth) ? 1.0 / trials : 0;
    };
    count("dense", found.dense.seconds, dense);
    count("sparse", found.sparse.seconds, sparse);
    count("mixed", found.mixed.seconds, mixed);
    count("saved", found.saved_s, dense - mixed);
    count("speed-up", *found.speed_up, dense / mixed);
    count("speed-up of 2:4 everywhere", *found.sparse_speed_up, dense / sparse);
  }
  return shares;
}

/// With fewer trials than 1000 the bounds widen by what these can tell.
double slack() { return kTrials >= 1000 ? 0 : 2 * std::sqrt(0.95 * 0.05 / kTrials); }

TEST(Totals, IntervalsCoverAsOftenAsTheySay) {
  for (const auto& [name, share] : coverage(kTrials, 40, 0)) {
    EXPECT_GE(share, 0.93 - slack()) << name;
    EXPECT_LE(share, 0.97 + slack()) << name;
    RecordProperty(name, std::to_string(share));
  }
}

/// Rounds are not independent where clocks drift. Without blocks the intervals of
/// the sums would be too narrow.
TEST(Totals, IntervalsOfDriftingRoundsAreWider) {
  for (const auto& [name, share] : coverage(kTrials / 4, 80, 0.6)) {
    EXPECT_GE(share, 0.87 - 2 * slack()) << name;
    RecordProperty(name, std::to_string(share));
  }
}

}  // namespace
}  // namespace twofour::decide
