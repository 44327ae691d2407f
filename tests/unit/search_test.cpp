// The search among candidates, with a timer that takes a known time.
#include "providers/search.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>
#include <stdexcept>
#include <string>
#include <vector>

#include "device/device.h"

namespace twofour::providers {
namespace {

/// Candidates of known speed. Each timing costs ten launches of made-up time, and is off by noise
/// that can only be slower.
class FakeRace {
 public:
  explicit FakeRace(std::vector<double> seconds, double noise = 0, unsigned seed = 1)
      : seconds_(std::move(seconds)),
        noise_(noise),
        random_(seed),
        screened_(seconds_.size()),
        refined_(seconds_.size()) {}

  double time(std::size_t candidate, SearchStage stage) {
    // Screening is the noisier one.
    const double spread = stage == SearchStage::kScreen ? noise_ : noise_ / 4;
    const double taken = seconds_[candidate] * (1 + spread * std::fabs(normal_(random_)));
    clock_s_ += 10 * taken;
    if (stage == SearchStage::kScreen) {
      ++screened_[candidate];
    } else {
      ++refined_[candidate];
      refinements_.push_back(candidate);
    }
    return taken;
  }

  SearchResult run(double budget_s) {
    auto now = [this] { return clock_s_; };
    auto timer = [this](std::size_t i, SearchStage stage) { return time(i, stage); };
    return search(seconds_.size(), timer,
                  {.budget_s = budget_s,
                   .now = now,
                   .head = config.head,
                   .groups = config.groups,
                   .leave_early = config.leave_early});
  }

  struct {
    SearchHead head;
    std::vector<std::size_t> groups;
    bool leave_early = true;
  } config;

  [[nodiscard]] double clock_s() const { return clock_s_; }
  [[nodiscard]] const std::vector<int>& screened() const { return screened_; }
  [[nodiscard]] const std::vector<int>& refined() const { return refined_; }
  [[nodiscard]] const std::vector<std::size_t>& refinements() const { return refinements_; }

 private:
  std::vector<double> seconds_;
  double noise_;
  std::mt19937 random_;
  std::normal_distribution<double> normal_;
  double clock_s_ = 0;
  std::vector<int> screened_;
  std::vector<int> refined_;
  std::vector<std::size_t> refinements_;
};

/// `count` candidates between 10 and 30 us; `best` takes 9.
std::vector<double> field(std::size_t count, std::size_t best) {
  std::vector<double> seconds;
  for (std::size_t i = 0; i < count; ++i) {
    seconds.push_back(
        1e-6 * (10 + 20 * static_cast<double>((i * 37) % count) / static_cast<double>(count)));
  }
  seconds[best] = 9e-6;
  return seconds;
}

TEST(Search, FindsTheFastest) {
  for (const std::size_t best : {0U, 1U, 17U, 39U}) {
    FakeRace race(field(40, best));
    const SearchResult result = race.run(0.3);
    EXPECT_EQ(result.winner, best);
    EXPECT_DOUBLE_EQ(result.seconds, 9e-6);
    EXPECT_TRUE(result.confirmed);
    EXPECT_EQ(result.screened, 40U);
  }
}

TEST(Search, FindsTheFastestThroughNoise) {
  int found = 0;
  constexpr int kRaces = 200;
  for (int i = 0; i < kRaces; ++i) {
    FakeRace race(field(40, 23), 0.1, static_cast<unsigned>(i));
    found += race.run(0.3).winner == 23 ? 1 : 0;
  }
  // The next best is 11 % slower, one deviation of a screening.
  EXPECT_GE(found, 0.95 * kRaces);
}

TEST(Search, SpendsMoreOnTheBetterOnes) {
  FakeRace race(field(40, 5));
  race.run(0.3);
  EXPECT_THAT(race.screened(), ::testing::Each(::testing::Ge(1)));
  EXPECT_GE(race.refined()[5], 4);
  EXPECT_EQ(race.refined()[5], *std::max_element(race.refined().begin(), race.refined().end()));
  const auto refined = std::count_if(race.refined().begin(), race.refined().end(),
                                     [](int times) { return times > 0; });
  EXPECT_LE(refined, 6);
}

TEST(Search, ReportsTheFreshSamplesOfTheWinner) {
  // The winner is flattered by its first timings; only the last, fresh ones are reported.
  int calls = 0;
  double clock = 0;
  auto now = [&] { return clock; };
  std::vector<double> refined_first;
  auto timer = [&](std::size_t i, SearchStage stage) {
    clock += 1e-3;
    ++calls;
    if (stage == SearchStage::kScreen) return i == 0 ? 8e-6 : 10e-6;
    refined_first.push_back(i == 0 ? 11e-6 : 10e-6);
    return refined_first.back();
  };
  const SearchResult result = search(2, timer, {.budget_s = 1, .now = now});
  EXPECT_EQ(result.winner, 1U);
  EXPECT_DOUBLE_EQ(result.seconds, 10e-6);
}

TEST(Search, TheLastTwoTakeTurnsOnFreshSamples) {
  FakeRace race({12e-6, 10e-6, 10.08e-6, 11e-6, 13e-6});
  race.run(0.3);
  const auto& order = race.refinements();
  // 0.8 % in every round: five of them, so that no one doubts it.
  ASSERT_GE(order.size(), 10U);
  const std::vector<std::size_t> turns(order.end() - 10, order.end());
  EXPECT_THAT(turns, ::testing::ElementsAre(1, 2, 1, 2, 1, 2, 1, 2, 1, 2));
}

TEST(Search, FewCandidatesTakeTurnsAtOnce) {
  FakeRace clear({10e-6, 10.6e-6, 12e-6});
  EXPECT_EQ(clear.run(0.3).screened, 3U);
  EXPECT_THAT(clear.refined(), ::testing::ElementsAre(2, 2, 2));
  EXPECT_THAT(clear.screened(), ::testing::Each(0));
  FakeRace close({10e-6, 10.2e-6});
  close.run(0.3);
  EXPECT_THAT(close.refined(), ::testing::ElementsAre(3, 3));
}

TEST(Search, WithoutEarlyLeavesAllRoundsTakePlace) {
  FakeRace race({10e-6, 10.4e-6});
  race.config.leave_early = false;
  race.run(0.3);
  EXPECT_THAT(race.refined(), ::testing::Each(::testing::Ge(9)));
}

// A GPU at its power limit changes its clock by more than finalists differ by.
TEST(Search, TellsCloseOnesApartWhileTheClockWanders) {
  int found = 0;
  constexpr int kRaces = 100;
  for (int i = 0; i < kRaces; ++i) {
    const std::vector<double> seconds{1.03e-3, 1.01e-3, 1.0e-3, 1.02e-3, 1.04e-3, 1.2e-3};
    double clock = 0;
    const double phase = 0.3 * i;
    auto now = [&] { return clock; };
    auto timer = [&](std::size_t candidate, SearchStage stage) {
      const double slower = 1 + 0.03 * std::sin(clock / 0.1 + phase);
      const double taken = seconds[candidate] * slower;
      clock += (stage == SearchStage::kScreen ? 2 : 4) * taken;
      return taken;
    };
    found += search(seconds.size(), timer, {.budget_s = 0.3, .now = now}).winner == 2 ? 1 : 0;
  }
  EXPECT_GE(found, 0.9 * kRaces);
}

TEST(Search, ThreeCloseOnesAreConfirmed) {
  FakeRace race({10e-6, 10.1e-6, 10.2e-6, 11e-6});
  const SearchResult result = race.run(0.3);
  EXPECT_THAT(result.finalists, ::testing::ElementsAre(0, 1, 2, 3));
  EXPECT_GE(race.refined()[2], race.refined()[3] + 3);
}

// Where one launch takes a large part of the budget, three samples of each still come after it.
TEST(Search, LongOnesAreConfirmedBeyondTheBudget) {
  FakeRace race({1.7e-3, 1.72e-3, 1.9e-3});
  const SearchResult result = race.run(0.1);
  EXPECT_TRUE(result.confirmed);
  EXPECT_EQ(result.winner, 0U);
  EXPECT_GE(race.refined()[1], 3);
}

TEST(Search, NamesItsFinalistsTheBestFirst) {
  FakeRace race({14e-6, 10e-6, 30e-6, 9e-6, 11e-6, 10.5e-6, 12e-6, 13e-6});
  const SearchResult result = race.run(0.3);
  EXPECT_THAT(result.finalists, ::testing::ElementsAre(3, 1, 5, 4));
  EXPECT_EQ(result.finalists.front(), result.winner);
  EXPECT_THAT(result.finalist_seconds, ::testing::ElementsAre(9e-6, 10e-6, 10.5e-6, 11e-6));
}

TEST(Search, KeepsToItsBudget) {
  for (const double budget_s : {1e-3, 3e-3, 10e-3, 100e-3}) {
    FakeRace race(field(60, 59), 0.05);
    const SearchResult result = race.run(budget_s);
    // Beyond it: one timing, and three samples of each of the last three.
    EXPECT_LE(race.clock_s(), budget_s + 10 * 10 * 31e-6) << budget_s;
    EXPECT_GE(result.screened, 1U);
  }
}

TEST(Search, LooksAtTheFirstOnesWhenTheBudgetIsShort) {
  FakeRace race(field(60, 0));
  const SearchResult result = race.run(1e-3);
  EXPECT_LT(result.screened, 60U);
  EXPECT_EQ(result.winner, 0U);
  EXPECT_EQ(race.screened()[59], 0);
}

TEST(Search, WithoutABudgetTheFirstWinsUntimed) {
  FakeRace race(field(10, 3));
  const SearchResult result = race.run(0);
  EXPECT_EQ(result.winner, 0U);
  EXPECT_FALSE(result.confirmed);
  EXPECT_EQ(race.clock_s(), 0);
}

TEST(Search, ACandidateThatCannotRunIsOut) {
  auto now = [] { return 0.0; };
  auto timer = [](std::size_t i, SearchStage stage) {
    if (i == 0) throw std::runtime_error("no workspace");
    // One that fails only when it is timed carefully.
    if (i == 1 && stage == SearchStage::kRefine) throw std::runtime_error("no graph");
    return i == 1 ? 1e-6 : 2e-6 + 1e-7 * static_cast<double>(i);
  };
  const SearchResult result = search(5, timer, {.budget_s = 1, .now = now});
  EXPECT_EQ(result.winner, 2U);
  EXPECT_THAT(result.failures, ::testing::Contains("candidate 0: no workspace"));
}

TEST(Search, FurtherParametersOfAKernelFarBehindAreNotTried) {
  // Two kernels, each with four sets of parameters; those of the second one change little.
  FakeRace race({10e-6, 20e-6, 9.5e-6, 19e-6, 9e-6, 19.5e-6, 9.8e-6, 20e-6});
  race.config.groups = {0, 1, 0, 1, 0, 1, 0, 1};
  EXPECT_EQ(race.run(0.3).winner, 4U);
  EXPECT_THAT(race.screened(), ::testing::ElementsAre(1, 1, 1, 0, 1, 0, 1, 0));
  // One that is a little behind may gain by them.
  FakeRace near({10e-6, 13e-6, 10e-6, 9e-6});
  near.config.groups = {0, 1, 0, 1};
  EXPECT_EQ(near.run(0.3).winner, 3U);
}

/// 24 candidates: two finalists of a neighbour, four probes, and the others.
std::vector<double> led(double winner, double finalist, double probe, double hidden) {
  std::vector<double> seconds(24, 12e-6);
  seconds[0] = winner;
  seconds[1] = finalist;
  seconds[4] = probe;
  seconds[20] = hidden;
  return seconds;
}

TEST(SearchHead, ThatHoldsIsAllThatIsTimed) {
  FakeRace race(led(10e-6, 10.2e-6, 11e-6, 12e-6));
  race.config.head = {.shortlisted = 2, .probes = 4};
  const SearchResult result = race.run(0.3);
  EXPECT_EQ(result.winner, 0U);
  EXPECT_EQ(result.screened, 6U);
  EXPECT_FALSE(result.widened);
}

TEST(SearchHead, AnotherFinalistMayWin) {
  FakeRace race(led(10e-6, 9.7e-6, 11e-6, 12e-6));
  race.config.head = {.shortlisted = 2, .probes = 4};
  const SearchResult result = race.run(0.3);
  EXPECT_EQ(result.winner, 1U);
  EXPECT_EQ(result.screened, 6U);
}

TEST(SearchHead, WhoseWinnerLosesToAProbeIsNotEnough) {
  FakeRace race(led(10e-6, 9.9e-6, 9.95e-6, 9e-6));
  race.config.head = {.shortlisted = 2, .probes = 4};
  const SearchResult result = race.run(0.3);
  EXPECT_EQ(result.winner, 20U);
  EXPECT_EQ(result.screened, 24U);
  EXPECT_TRUE(result.widened);
}

TEST(SearchHead, OfAnotherOrderIsNotEnough) {
  FakeRace race(led(10e-6, 9.4e-6, 11e-6, 9e-6));
  race.config.head = {.shortlisted = 2, .probes = 4};
  EXPECT_EQ(race.run(0.3).winner, 20U);
}

TEST(SearchHead, WhoseWinnerCannotRunIsNotEnough) {
  auto now = [] { return 0.0; };
  auto timer = [](std::size_t i, SearchStage) {
    if (i == 0) throw std::runtime_error("no workspace");
    return i == 20 ? 9e-6 : 10e-6;
  };
  const SearchResult result =
      search(24, timer, {.budget_s = 1, .now = now, .head = {.shortlisted = 2, .probes = 4}});
  EXPECT_EQ(result.winner, 20U);
  EXPECT_TRUE(result.widened);
}

TEST(Search, SaysWhyNoneCanRun) {
  auto now = [] { return 0.0; };
  auto timer = [](std::size_t, SearchStage) -> double { throw std::runtime_error("no workspace"); };
  try {
    search(3, timer, {.budget_s = 1, .now = now});
    FAIL() << "nothing was thrown";
  } catch (const std::runtime_error& error) {
    EXPECT_THAT(error.what(), ::testing::HasSubstr("candidate 0: no workspace"));
  }
  EXPECT_THROW(search(0, timer, {.budget_s = 1, .now = now}), std::invalid_argument);
}

TEST(Search, ALostDeviceEndsIt) {
  auto now = [] { return 0.0; };
  auto timer = [](std::size_t, SearchStage) -> double { throw device::DeviceLost("gone"); };
  EXPECT_THROW(search(3, timer, {.budget_s = 1, .now = now}), device::DeviceLost);
}

}  // namespace
}  // namespace twofour::providers
