// What a run finds out about itself: its control, and where its algorithms came from.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>

#include "program.h"

namespace twofour::cli {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::SizeIs;

TEST(Control, OneDenseKernelRunsTwiceInTheFirstCaseOfARegime) {
  const Folder folder;
  // Seven cases with the same four kernels each: room for one control.
  std::vector<std::string> words = quick_sweep();
  words[words.size() - 3] = "112";
  const Finished finished = run(folder, words);
  ASSERT_EQ(finished.code, 0) << finished.err;
  const Results results = read_results(folder.only(".jsonl"));
  ASSERT_THAT(results.controls, SizeIs(1));
  const Record& twin = results.controls.front();
  EXPECT_EQ(twin.case_index, 0);
  EXPECT_EQ(twin.kernel, twin.twin_of + "_twin");
  EXPECT_EQ(twin.baseline, twin.twin_of);
  ASSERT_TRUE(twin.vs_dense);
  EXPECT_GT(twin.vs_dense->value, 0);
  EXPECT_THAT(finished.out, HasSubstr("Equal kernels differed by up to "));
  for (const Record& record : results.records) EXPECT_NE(record.baseline, twin.kernel);
  const Finished again = run(folder, {"report", folder.only(".jsonl").string()});
  EXPECT_THAT(again.out, HasSubstr("Equal kernels differed by up to "));
}

TEST(Control, AShortRunHasNone) {
  const Folder folder;
  ASSERT_EQ(run(folder, quick_sweep()).code, 0);
  EXPECT_THAT(read_results(folder.only(".jsonl")).controls, SizeIs(0));
}

/// A tuning file of this test alone.
class TuningRun : public ::testing::Test {
 protected:
  void SetUp() override { setenv("TWOFOUR_TUNING_FILE", file.c_str(), 1); }
  void TearDown() override { unsetenv("TWOFOUR_TUNING_FILE"); }

  Results measure(const std::vector<std::string>& more = {}) const {
    const Folder folder;
    const Finished finished = run(folder, quick_sweep(more), R"({"algorithms": 3, "noise": 0})");
    EXPECT_EQ(finished.code, 0) << finished.err;
    return read_results(folder.only(".jsonl"));
  }
  [[nodiscard]] static std::size_t count(const Results& results, TuningOrigin origin) {
    std::size_t rows = 0;
    for (const Record& record : results.records) {
      rows += record.tuning && record.tuning->origin == origin ? 1U : 0U;
    }
    return rows;
  }

  Folder home;
  std::string file = (home.path() / "tuning.json").string();
};

TEST_F(TuningRun, RecordsSayWhetherTheirAlgorithmWasSearchedOrFound) {
  const Results first = measure();
  EXPECT_EQ(count(first, TuningOrigin::kSearched), first.records.size());
  for (const Record& record : first.controls) {
    EXPECT_FALSE(record.tuning) << "it takes the algorithm of its original";
  }
  const Results second = measure({"--no-tuning"});
  EXPECT_EQ(count(second, TuningOrigin::kSearched), second.records.size());
}

TEST_F(TuningRun, RecordsSayHowFarTheirSearchWent) {
  for (const Record& record : measure().records) {
    ASSERT_TRUE(record.tuning && record.tuning->extent);
    EXPECT_EQ(*record.tuning->extent, (SearchExtent{SearchedAmong::kAll, 3, 3}));
    EXPECT_FALSE(record.tuning->exhaustive);
  }
}

TEST_F(TuningRun, BothSearchesAreComparedInEachRow) {
  for (const Record& record : measure({"--search", "both"}).records) {
    ASSERT_TRUE(record.tuning && record.tuning->exhaustive);
    EXPECT_THAT(record.tuning->exhaustive->algorithm, ::testing::StartsWith("algorithm="));
    EXPECT_GT(record.tuning->exhaustive->ratio, 0);
    if (record.tuning->exhaustive->algorithm == record.algorithm) {
      EXPECT_EQ(record.tuning->exhaustive->ratio, 1);
    }
  }
}

TEST_F(TuningRun, AnExhaustiveSearchDoesNotTakeTheFilesWinner) {
  measure();
  const Results second = measure({"--search", "exhaustive"});
  EXPECT_EQ(count(second, TuningOrigin::kSearched), second.records.size());
}

TEST_F(TuningRun, TheListShowsTheFile) {
  const Folder folder;
  EXPECT_THAT(run(folder, {"--providers", "mock", "list"}).out, HasSubstr(file + ": 0 winners"));
  setenv("TWOFOUR_TUNING_FILE", "", 1);
  EXPECT_THAT(run(folder, {"--providers", "mock", "list"}).out, Not(HasSubstr("winners,")));
}

}  // namespace
}  // namespace twofour::cli
