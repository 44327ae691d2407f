// A run's searches one after the other: what each leaves to the next, on a simulated library.
#include "providers/choice.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

namespace twofour::providers {
namespace {

using ::testing::SizeIs;

/// A library of 40 algorithms. Their time at M rows follows from which one is meant for M: the
/// further away it is, the slower.
class Library : public ::testing::Test {
 protected:
  static constexpr std::size_t kAlgorithms = 40;

  static std::string name_of(std::size_t algorithm) { return "a" + std::to_string(algorithm); }

  [[nodiscard]] double seconds_of(std::size_t algorithm) const {
    const double away = std::fabs(static_cast<double>(algorithm) - static_cast<double>(best));
    return 1e-5 * (1 + slope * away);
  }

  AlgorithmChoice choose(std::int64_t m, SearchMode mode = SearchMode::kShortlists) {
    problem.shape.m = m;
    SearchSubject subject = related("library 1", "", problem, CacheMode::kCold, shared);
    subject.key = {
        .gpu = "G", .library = "library 1", .kernel = kernel, .problem = to_string(problem)};
    double clock = 0;
    const auto now = [&] { return clock; };
    timings = 0;
    const auto time = [&](std::size_t algorithm, SearchStage) {
      ++timings;
      if (broken == algorithm) throw std::runtime_error("no launch");
      clock += 10 * seconds_of(algorithm);
      return seconds_of(algorithm);
    };
    ChoiceTask task{
        .subject = subject, .avoid = avoid, .mode = mode, .budget_s = 1, .now = now, .time = time};
    for (std::size_t i = 0; i < kAlgorithms; ++i) task.names.push_back(name_of(i));
    return choose_algorithm(task, {file, shortlists, neighbours, winners});
  }

  GemmProblem problem{.shape = {.m = 1, .n = 4096, .k = 4096}};
  std::string kernel = "kernel";
  std::size_t best = 13;  ///< of the algorithms
  double slope = 0.02;    ///< how much slower each is than the next
  std::vector<std::string> avoid;
  int timings = 0;
  TuningFile file{""};
  Shortlists shortlists;
  Neighbours neighbours;
  Winners winners;
  SharedWinner shared = SharedWinner::kNone;
  std::optional<std::size_t> broken;  ///< an algorithm that throws
};

TEST_F(Library, TheFirstSearchIsOfAll) {
  const AlgorithmChoice choice = choose(1);
  EXPECT_EQ(choice.index, 13U);
  ASSERT_TRUE(choice.tuning && choice.tuning->extent);
  EXPECT_EQ(*choice.tuning->extent, (SearchExtent{SearchedAmong::kAll, 40, 40}));
}

TEST_F(Library, TheNextRowCountFollowsItsNeighbour) {
  choose(1);
  const int all = timings;
  const AlgorithmChoice choice = choose(16);
  EXPECT_EQ(choice.index, 13U);
  EXPECT_EQ(*choice.tuning->extent, (SearchExtent{SearchedAmong::kNeighbour, 40, 12, 1}));
  EXPECT_LT(timings, all * 2 / 3);
}

TEST_F(Library, ANeighbourWhoseWinnerLosesToAProbeIsLeft) {
  choose(1);
  best = 32;  // near the probe a30
  const AlgorithmChoice choice = choose(16);
  EXPECT_EQ(choice.index, 32U);
  SearchExtent expected{SearchedAmong::kNeighbour, 40, 40, 1, true};
  EXPECT_EQ(*choice.tuning->extent, expected);
  // And its own finalists are those of a full search, which the next one may follow.
  EXPECT_EQ(neighbours.find(related("library 1", "", problem, CacheMode::kCold).line, 16)->m, 16);
}

TEST_F(Library, AtAnotherRegimeOrAlignmentAllAreSearched) {
  choose(64);
  best = 30;
  for (const std::int64_t m : {128, 33, 2048}) {
    const AlgorithmChoice choice = choose(m);
    EXPECT_EQ(choice.index, 30U) << m;
    EXPECT_EQ(*choice.tuning->extent, (SearchExtent{SearchedAmong::kAll, 40, 40})) << m;
  }
}

TEST_F(Library, WhatFollowedANeighbourIsNoNeighbour) {
  choose(16);
  choose(32);
  EXPECT_EQ(choose(64).tuning->extent->neighbour_m, 16);
}

TEST_F(Library, OtherWeightsOrScalesAreNoNeighbours) {
  choose(1);
  problem.shape.n = 6144;
  EXPECT_EQ(choose(16).tuning->extent->among, SearchedAmong::kAll);
  problem.shape.n = 4096;
  problem.scales.a = ScaleGranularity::kVector;
  EXPECT_EQ(choose(16).tuning->extent->among, SearchedAmong::kAll);
}

TEST_F(Library, ABiasIsARelative) {
  choose(1);
  kernel = "kernel_bias";
  problem.bias = true;
  const AlgorithmChoice choice = choose(1);
  EXPECT_EQ(*choice.tuning->extent, (SearchExtent{SearchedAmong::kRelative, 40, 3}));
  EXPECT_LE(timings, 15);
}

TEST_F(Library, WhatHasOneWinnerIsSearchedOnce) {
  shared = SharedWinner::kTypes;
  const AlgorithmChoice first = choose(1);
  kernel = "kernel_fp16";
  problem.d = DataType::kFp16;
  best = 20;  // nobody asks
  const AlgorithmChoice choice = choose(1);
  EXPECT_EQ(choice.index, 13U);
  EXPECT_EQ(timings, 1) << "a launch, to see that it runs";
  EXPECT_EQ(*choice.tuning->extent, (SearchExtent{SearchedAmong::kAlike, 40, 1}));
  EXPECT_EQ(choice.tuning->seconds, first.tuning->seconds) << "when it won";
  EXPECT_FALSE(choice.tuning->found_utc.empty());
  kernel = "kernel_bias";
  problem.bias = true;
  EXPECT_EQ(choose(1).tuning->extent->among, SearchedAmong::kRelative) << "a bias may matter";
}

TEST_F(Library, ABiasMayShareTheWinnerToo) {
  shared = SharedWinner::kTypesAndBias;
  choose(1);
  kernel = "kernel_bias";
  problem.bias = true;
  EXPECT_EQ(choose(1).tuning->extent->among, SearchedAmong::kAlike);
  EXPECT_EQ(choose(16).tuning->extent->among, SearchedAmong::kNeighbour) << "of no other M";
}

TEST_F(Library, AWinnerThatDoesNotRunHereIsNotTaken) {
  shared = SharedWinner::kTypes;
  choose(1);
  kernel = "kernel_fp16";
  problem.d = DataType::kFp16;
  broken = 13;
  EXPECT_EQ(choose(1).tuning->extent->among, SearchedAmong::kRelative);
  EXPECT_EQ(choose(1).tuning->extent->among, SearchedAmong::kEqual);
}

TEST_F(Library, AnAvoidedWinnerIsNotTaken) {
  shared = SharedWinner::kTypes;
  choose(1);
  kernel = "kernel_fp16";
  problem.d = DataType::kFp16;
  avoid = {name_of(13)};
  EXPECT_NE(choose(1).index, 13U);
}

TEST_F(Library, AnExhaustiveSearchTakesAndLeavesNoSharedWinner) {
  shared = SharedWinner::kTypes;
  choose(1, SearchMode::kExhaustive);
  kernel = "kernel_fp16";
  problem.d = DataType::kFp16;
  EXPECT_EQ(choose(1).tuning->extent->among, SearchedAmong::kAll);
  kernel = "kernel_third";
  EXPECT_EQ(choose(1, SearchMode::kExhaustive).tuning->extent->among, SearchedAmong::kAll);
}

TEST_F(Library, BothCompareAlsoASharedWinner) {
  shared = SharedWinner::kTypes;
  choose(1, SearchMode::kBoth);
  kernel = "kernel_fp16";
  problem.d = DataType::kFp16;
  best = 20;
  const AlgorithmChoice choice = choose(1, SearchMode::kBoth);
  ASSERT_TRUE(choice.tuning->exhaustive);
  EXPECT_EQ(choice.tuning->exhaustive->algorithm, name_of(20));
  EXPECT_GT(choice.tuning->exhaustive->ratio, 1.1);
}

TEST_F(Library, ARelativeDoesNotTimeFinalistsFarBehind) {
  slope = 0.12;
  choose(1);
  kernel = "kernel_bias";
  problem.bias = true;
  const AlgorithmChoice choice = choose(1);
  EXPECT_EQ(*choice.tuning->extent, (SearchExtent{SearchedAmong::kRelative, 40, 2}));
  EXPECT_EQ(choice.index, 13U);
  EXPECT_EQ(timings, 4);
}

TEST_F(Library, ARelativeWithOneOfTheFinalistsLeftIsSearchedInFull) {
  choose(1);
  kernel = "kernel_bias";
  problem.bias = true;
  avoid = {"a13", "a12", "a14"};
  const AlgorithmChoice choice = choose(1);
  EXPECT_EQ(*choice.tuning->extent, (SearchExtent{SearchedAmong::kAll, 37, 37}));
}

TEST_F(Library, TheSameProblemIsSearchedOnce) {
  choose(1);
  const AlgorithmChoice choice = choose(1);
  EXPECT_EQ(choice.index, 13U);
  EXPECT_EQ(choice.tuning->origin, TuningOrigin::kSearched);
  EXPECT_EQ(choice.tuning->extent->among, SearchedAmong::kEqual);
  EXPECT_EQ(timings, 0);
  // Not where its winner must not be tried any more.
  avoid = {"a13"};
  EXPECT_NE(choose(1).index, 13U);
}

TEST_F(Library, AWinnerOfAnEarlierRunIsRacedOnce) {
  choose(1);
  const TuningKey key{
      .gpu = "G", .library = "library 1", .kernel = "kernel", .problem = to_string(problem)};
  file.settle(key, "forgotten", TuningOrigin::kSearched);
  EXPECT_EQ(choose(1).tuning->origin, TuningOrigin::kFile);
  EXPECT_GT(timings, 0);
  EXPECT_EQ(choose(1).tuning->origin, TuningOrigin::kFile);
  EXPECT_EQ(timings, 0);
}

TEST_F(Library, AnExhaustiveSearchAsksNobody) {
  choose(1);
  best = 32;
  for (int i = 0; i < 2; ++i) {
    const AlgorithmChoice choice = choose(1, SearchMode::kExhaustive);
    EXPECT_EQ(choice.index, 32U);
    EXPECT_EQ(*choice.tuning->extent, (SearchExtent{SearchedAmong::kAll, 40, 40}));
    EXPECT_FALSE(choice.tuning->exhaustive);
    kernel = "kernel_bias";
  }
}

TEST_F(Library, BothSearchesAreComparedInTurns) {
  EXPECT_EQ(choose(1, SearchMode::kBoth).tuning->exhaustive, (ExhaustiveWinner{"a13", 1}));
  // What no probe is near.
  best = 18;
  const AlgorithmChoice choice = choose(16, SearchMode::kBoth);
  EXPECT_EQ(choice.tuning->extent->among, SearchedAmong::kNeighbour);
  ASSERT_TRUE(choice.tuning->exhaustive);
  EXPECT_EQ(choice.tuning->exhaustive->algorithm, "a18");
  EXPECT_NEAR(choice.tuning->exhaustive->ratio, seconds_of(choice.index) / seconds_of(18), 1e-9);
}

}  // namespace
}  // namespace twofour::providers
