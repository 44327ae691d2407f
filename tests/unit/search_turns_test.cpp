// Contestants in turns: when they leave, and what that costs on noisy devices.
#include "providers/turns.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <random>
#include <vector>

namespace twofour::providers {
namespace {

using ::testing::ElementsAre;
using ::testing::SizeIs;

TurnsResult turns(const std::vector<double>& seconds, bool leave_early = true) {
  auto time = [&](std::size_t i) -> std::optional<double> {
    if (seconds[i] < 0) return std::nullopt;
    return seconds[i];
  };
  const auto never = [] { return false; };
  return take_turns(seconds.size(), time, {.leave_early = leave_early, .spent = never});
}

TEST(Turns, WhatIsClearlySlowerLeavesFirst) {
  const TurnsResult result = turns({1.005, 1.0, 1.02, 1.2});
  EXPECT_THAT(result.order, ElementsAre(1, 0, 2, 3));
  EXPECT_THAT(result.seconds[3], SizeIs(2));
  EXPECT_THAT(result.seconds[2], SizeIs(3));
  EXPECT_THAT(result.seconds[0], SizeIs(5));
  EXPECT_EQ(result.rounds, 5U);
}

TEST(Turns, ATieEndsThem) {
  const TurnsResult result = turns({1.002, 1.0, 1.001});
  EXPECT_EQ(result.order.front(), 1U);
  EXPECT_EQ(result.rounds, 4U);
}

TEST(Turns, NoOneLeavesWhereThatIsNotWanted) {
  const TurnsResult result = turns({1.2, 1.0}, false);
  EXPECT_THAT(result.order, ElementsAre(1, 0));
  EXPECT_EQ(result.rounds, 9U);
}

TEST(Turns, WhatCannotRunIsOut) {
  EXPECT_THAT(turns({-1, 2.0, 1.0}).order, ElementsAre(2, 1));
  EXPECT_THAT(turns({-1, -1}).order, SizeIs(0));
}

TEST(Turns, TimeThatIsSpentEndsThemAfterThreeRounds) {
  auto time = [](std::size_t i) { return std::optional<double>(i == 0 ? 1 : 1.006); };
  const auto spent = [] { return true; };
  EXPECT_EQ(take_turns(2, time, {.spent = spent}).rounds, 3U);
}

/// Of three contestants at 1, 1 + `gap` and 1 + 2 gap, in 2000 races: how often one is taken that
/// is more than 1 % slower than the best, and how many timings that took on average.
struct Cost {
  double lost = 0;
  double timings = 0;
};

Cost cost(double gap, bool leave_early, const std::function<double(std::mt19937&, int)>& noise) {
  constexpr int kRaces = 2000;
  Cost cost;
  std::mt19937 random(7);
  for (int race = 0; race < kRaces; ++race) {
    int timings = 0;
    auto time = [&](std::size_t i) {
      ++timings;
      const double seconds = 1 + gap * static_cast<double>(i);
      return std::optional<double>(seconds * (1 + noise(random, 100 * race + timings)));
    };
    const auto never = [] { return false; };
    const TurnsResult result = take_turns(3, time, {.leave_early = leave_early, .spent = never});
    if (gap * static_cast<double>(result.order.front()) > 0.01) cost.lost += 1.0 / kRaces;
    cost.timings += static_cast<double>(timings) / kRaces;
  }
  return cost;
}

// What is saved must not be paid for by worse winners. Prints both.
TEST(Turns, EarlyLeavesCostFewWinners) {
  const auto white = [](double sigma) {
    return [sigma](std::mt19937& random, int) {
      return sigma * std::normal_distribution<double>()(random);
    };
  };
  const auto spikes = [](std::mt19937& random, int) {
    const double base = 0.004 * std::normal_distribution<double>()(random);
    return base + (std::uniform_real_distribution<double>()(random) < 0.1 ? 0.05 : 0);
  };
  // The clock of a GPU at its power limit: it wanders, or moves in steps that last longer than a
  // race (a tenth of a second; a timing takes half a millisecond).
  const auto wandering = [](std::mt19937& random, int timing) {
    return 0.03 * std::sin(0.04 * timing) + 0.003 * std::normal_distribution<double>()(random);
  };
  const auto steps = [](std::mt19937& random, int timing) {
    return (timing / 40 % 3) * 0.03 + 0.003 * std::normal_distribution<double>()(random);
  };
  struct Case {
    const char* name;
    std::function<double(std::mt19937&, int)> noise;
    double most_lost;
    double most_timings = 0.75;  ///< as a share
  };
  for (const Case& noise : {Case{"0.3 %", white(0.003), 0.001}, Case{"0.5 %", white(0.005), 0.01},
                            Case{"spikes", spikes, 0.01, 0.95}, Case{"wandering", wandering, 0.02},
                            Case{"steps", steps, 0.01}}) {
    for (const double gap : {0.0, 0.006, 0.012, 0.02}) {
      const Cost early = cost(gap, true, noise.noise);
      const Cost all = cost(gap, false, noise.noise);
      printf("%-10s gap %.3f: lost %.4f of races with %4.1f timings, %.4f with %4.1f\n", noise.name,
             gap, early.lost, early.timings, all.lost, all.timings);
      EXPECT_LE(early.lost, all.lost + noise.most_lost) << noise.name << " " << gap;
      EXPECT_LT(early.timings, noise.most_timings * all.timings) << noise.name << " " << gap;
    }
  }
}

}  // namespace
}  // namespace twofour::providers
