// Winners of earlier searches: raced again, told of, and left alone where that was asked for.
#include "providers/tuned_choice.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <stdexcept>
#include <string>
#include <vector>

namespace twofour::providers {
namespace {

using ::testing::SizeIs;

class TunedChoiceTest : public ::testing::Test {
 protected:
  std::optional<TunedChoice> choose(const std::vector<std::string>& avoid = {}) {
    timed.clear();
    auto time = [this](std::size_t i) {
      timed.push_back(i);
      if (seconds[i] < 0) throw std::runtime_error("cannot run");
      return seconds[i];
    };
    return choose_tuned(key, names, avoid, time, file);
  }

  TuningFile file{""};
  TuningKey key{.gpu = "G", .library = "l 1", .kernel = "k", .problem = "p"};
  std::vector<std::string> names{"a", "b", "c"};
  std::vector<double> seconds{1e-3, 2e-3, 3e-3};
  std::vector<std::size_t> timed;
};

TEST_F(TunedChoiceTest, NothingIsKnownAtFirst) {
  EXPECT_FALSE(choose());
  EXPECT_THAT(timed, SizeIs(0));
}

TEST_F(TunedChoiceTest, AWinnerBeatsItsRunnerUpAgain) {
  file.keep(key, {.algorithm = "a", .seconds = 5, .runner_up = "b", .found_utc = "then"});
  const auto choice = choose();
  ASSERT_TRUE(choice);
  EXPECT_EQ(choice->index, 0U);
  EXPECT_EQ(choice->seconds, 1e-3) << "as fast as it is now";
  EXPECT_EQ(choice->tuning, (Tuning{TuningOrigin::kFile, "then", 5, "b"}));
  EXPECT_THAT(timed, SizeIs(4)) << "twice as fast: two rounds are enough";
}

TEST_F(TunedChoiceTest, ARaceThatIsCloseTakesAllRounds) {
  seconds = {1e-3, 1.007e-3, 3e-3};
  file.keep(key, {.algorithm = "a", .seconds = 5, .runner_up = "b"});
  EXPECT_EQ(choose()->index, 0U);
  EXPECT_THAT(timed, SizeIs(2 * kRaceRounds));
}

TEST_F(TunedChoiceTest, OneRaceInARunIsEnough) {
  file.keep(key, {.algorithm = "c", .seconds = 1e-6, .runner_up = "a", .found_utc = "then"});
  EXPECT_EQ(choose()->tuning.origin, TuningOrigin::kRace);
  const auto again = choose();
  EXPECT_EQ(again->index, 0U);
  EXPECT_EQ(again->tuning.origin, TuningOrigin::kRace);
  EXPECT_EQ(again->tuning.extent, (SearchExtent{SearchedAmong::kEqual, 3, 0}));
  EXPECT_THAT(timed, SizeIs(0));
  // Another winner in the file is none of this run.
  file.keep(key, {.algorithm = "b", .seconds = 1e-6, .runner_up = "a"});
  choose();
  EXPECT_THAT(timed, SizeIs(4));
}

TEST_F(TunedChoiceTest, ARunnerUpThatIsFasterNowTakesItsPlace) {
  file.keep(key, {.algorithm = "c", .seconds = 1e-6, .runner_up = "a", .found_utc = "then"});
  const auto choice = choose();
  ASSERT_TRUE(choice);
  EXPECT_EQ(choice->index, 0U);
  EXPECT_EQ(choice->tuning.origin, TuningOrigin::kRace);
  EXPECT_EQ(choice->tuning.raced, "c");
  EXPECT_EQ(file.find(key)->algorithm, "a");
  EXPECT_EQ(file.find(key)->runner_up, "c");
}

TEST_F(TunedChoiceTest, WithoutARunnerUpNothingIsTimed) {
  file.keep(key, {.algorithm = "b", .seconds = 5});
  EXPECT_EQ(choose()->index, 1U);
  EXPECT_THAT(timed, SizeIs(0));
  EXPECT_EQ(choose()->tuning.found_utc, "") << "not known of earlier files";
}

TEST_F(TunedChoiceTest, WhatCannotRunOrMustNotIsSearchedAnew) {
  file.keep(key, {.algorithm = "a", .seconds = 5, .runner_up = "b"});
  EXPECT_FALSE(choose({"a"}));
  EXPECT_EQ(choose({"b"})->index, 0U);
  seconds = {-1, 2e-3, 3e-3};
  EXPECT_EQ(choose()->index, 1U);
  key.kernel = "other";
  file.keep(key, {.algorithm = "a", .seconds = 5, .runner_up = "b"});
  seconds = {-1, -1, 3e-3};
  EXPECT_FALSE(choose());
}

TEST_F(TunedChoiceTest, ASearchTellsWhereItsWinnerCameFrom) {
  const SearchResult found{.winner = 2, .seconds = 7, .confirmed = true, .finalists = {2, 0}};
  const auto tuning = keep_winner(key, names, found, file);
  ASSERT_TRUE(tuning);
  EXPECT_EQ(tuning->origin, TuningOrigin::kSearched);
  EXPECT_EQ(tuning->raced, "a");
  EXPECT_THAT(tuning->found_utc, SizeIs(20));
  EXPECT_EQ(file.find(key)->algorithm, "c");
  EXPECT_EQ(file.find(key)->runner_up, "a");
  EXPECT_FALSE(keep_winner(key, names, {}, file)) << "nothing was timed";
}

TEST_F(TunedChoiceTest, WinnersCanBeIgnoredAndLostAlgorithmsNot) {
  file.keep(key, {.algorithm = "a", .seconds = 5});
  file.keep_avoided({.scope = {.gpu = "G", .family = "f"}, .algorithm = "b"});
  file.ignore_winners();
  EXPECT_FALSE(file.find(key));
  TuningKey other = key;
  other.kernel = "other";
  file.keep(other, {.algorithm = "c", .seconds = 5});
  EXPECT_EQ(file.counts().winners, 1U) << "none is kept";
  EXPECT_THAT(file.avoided({.gpu = "G", .family = "f"}), SizeIs(1));
}

TEST_F(TunedChoiceTest, OnABusyMachineWinnersAreFoundAndNotKept) {
  file.keep(key, {.algorithm = "a", .seconds = 5});
  file.keep_no_winners();
  EXPECT_TRUE(file.find(key));
  file.keep(key, {.algorithm = "b", .seconds = 5});
  EXPECT_EQ(file.find(key)->algorithm, "a");
}

}  // namespace
}  // namespace twofour::providers
