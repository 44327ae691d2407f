// A kernel that misbehaves costs its own row, says why, and decides the exit code.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <map>
#include <string>
#include <utility>

#include "program.h"

namespace twofour::cli {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr std::string_view kVictim = "mock_i8_i8_bf16_scaled_sparse_mm";

std::string fault(std::string_view kind, int algorithms = 1) {
  return fmt::format(
      R"({{"dense_us": 200, "sparse_us": 100, "fault": {{"kind": "{}", "kernel": "i8.*sparse_mm$", "case_m": 32, "algorithms": {}}}}})",
      kind, algorithms);
}

/// After the quick sweep: all rows but the victim's at M = 32 are measured, and no row is missing
/// or there twice. Returns the victim's row.
Record expect_others_measured(const Folder& folder) {
  const Results results = read_results(folder.only(".jsonl"));
  std::map<std::pair<std::int64_t, std::string>, int> seen;
  Record victim;
  for (const Record& record : results.records) {
    ++seen[{record.problem.shape.m, record.kernel}];
    if (record.kernel == kVictim && record.problem.shape.m == 32) {
      victim = record;
      continue;
    }
    EXPECT_TRUE(record.outcome.measured())
        << record.kernel << " " << record.problem.shape.m << ": " << record.outcome.reason;
    EXPECT_TRUE(record.summary.has_value());
  }
  EXPECT_EQ(seen.size(), 3U * 5U);  // three sizes, bf16 baseline and four int8 kernels
  for (const auto& [row, times] : seen) EXPECT_EQ(times, 1) << row.second << " " << row.first;
  return victim;
}

/// The same, and the victim's row is `kind`.
Record expect_one_casualty(const Folder& folder, OutcomeKind kind) {
  Record victim = expect_others_measured(folder);
  EXPECT_EQ(to_string(victim.outcome.kind), to_string(kind));
  EXPECT_NE(victim.outcome.reason, "");
  EXPECT_FALSE(victim.summary.has_value());
  EXPECT_FALSE(victim.vs_dense.has_value());
  return victim;
}

TEST(Faults, AWrongElementIsIncorrectAndNeverTimed) {
  const Folder folder;
  const Finished finished = run(folder, quick_sweep(), fault("wrong_element"));
  EXPECT_EQ(finished.code, 3) << finished.err;
  const Record victim = expect_one_casualty(folder, OutcomeKind::kIncorrect);
  ASSERT_TRUE(victim.accuracy.has_value());
  EXPECT_GT(victim.accuracy->max_error_ratio, 1);
  EXPECT_THAT(finished.out, HasSubstr("incorrect"));
}

TEST(Faults, AnUnwrittenElementIsIncorrect) {
  const Folder folder;
  EXPECT_EQ(run(folder, quick_sweep(), fault("unwritten")).code, 3);
  expect_one_casualty(folder, OutcomeKind::kIncorrect);
}

TEST(Faults, AnExceptionFailsItsRow) {
  for (const std::string phase : {"prepare", "launch"}) {
    const Folder folder;
    EXPECT_EQ(run(folder, quick_sweep(), fault("throw_in_" + phase)).code, 1);
    const Record victim = expect_one_casualty(folder, OutcomeKind::kFailed);
    EXPECT_EQ(victim.outcome.reason, "the mock was told to throw in " + phase);
  }
}

TEST(Faults, AnUnsupportedProblemIsNoFailure) {
  const Folder folder;
  EXPECT_EQ(run(folder, quick_sweep(), fault("unsupported")).code, 0);
  const Record victim = expect_one_casualty(folder, OutcomeKind::kUnsupported);
  EXPECT_EQ(victim.outcome.reason, "the mock was told not to support this");
}

TEST(Faults, AHangEndsWithTheCaseTimeout) {
  const Folder folder;
  const Finished finished = run(folder, quick_sweep({"--case-timeout", "1"}), fault("hang"));
  EXPECT_EQ(finished.code, 1) << finished.err;
  const Record victim = expect_one_casualty(folder, OutcomeKind::kFailed);
  EXPECT_THAT(victim.outcome.reason, HasSubstr("--case-timeout"));
}

TEST(Faults, ALostDeviceCostsOneRow) {
  const Folder folder;
  const Finished finished = run(folder, quick_sweep(), fault("device_lost"));
  EXPECT_EQ(finished.code, 1) << finished.err;
  const Record victim = expect_one_casualty(folder, OutcomeKind::kFailed);
  EXPECT_EQ(victim.outcome.reason, "the mock was told to lose the device");
}

TEST(Faults, ARowIsTriedAgainWithoutAlgorithmsThatLoseTheDevice) {
  const Folder folder;
  const Finished finished = run(folder, quick_sweep(), fault("lost_in_search", 2));
  EXPECT_EQ(finished.code, 0) << finished.err;
  const Record victim = expect_others_measured(folder);
  EXPECT_TRUE(victim.outcome.measured()) << victim.outcome.reason;
  EXPECT_EQ(victim.algorithm, "algorithm=2");
  EXPECT_THAT(victim.lost_algorithms, ElementsAre("algorithm=0", "algorithm=1"));
  for (const std::string algorithm : {"algorithm=0", "algorithm=1"}) {
    EXPECT_THAT(finished.err,
                HasSubstr(fmt::format("twofour: {} 32x32x32: {}: the mock was told to lose the "
                                      "device in a search; it is tried again without, in a fresh "
                                      "process\n",
                                      kVictim, algorithm)));
  }
}

TEST(Faults, ARowWhoseSearchLosesTheDeviceThreeTimesFails) {
  const Folder folder;
  const Finished finished = run(folder, quick_sweep(), fault("lost_in_search", 1000));
  EXPECT_EQ(finished.code, 1) << finished.err;
  const Record victim = expect_one_casualty(folder, OutcomeKind::kFailed);
  EXPECT_EQ(victim.outcome.reason,
            "algorithm=2: the mock was told to lose the device in a search; its search "
            "ended the process before with algorithm=0, algorithm=1");
  EXPECT_THAT(victim.lost_algorithms, ElementsAre("algorithm=0", "algorithm=1", "algorithm=2"));
}

TEST(Faults, AnAlgorithmThatHangsInASearchIsLeftOut) {
  const Folder folder;
  const std::vector<std::string> command = quick_sweep({"--case-timeout", "1"});
  EXPECT_EQ(run(folder, command, fault("hang_in_search")).code, 0);
  const Record victim = expect_others_measured(folder);
  EXPECT_TRUE(victim.outcome.measured()) << victim.outcome.reason;
  EXPECT_THAT(victim.lost_algorithms, ElementsAre("algorithm=0"));
}

TEST(Faults, ARowWhoseSearchHangsThreeTimesFails) {
  const Folder folder;
  // Long enough for what works on a machine that is busy with ten times its cores.
  const std::vector<std::string> command = quick_sweep({"--case-timeout", "2"});
  EXPECT_EQ(run(folder, command, fault("hang_in_search", 1000)).code, 1);
  const Record victim = expect_one_casualty(folder, OutcomeKind::kFailed);
  EXPECT_EQ(victim.outcome.reason,
            "algorithm=2: did not return within --case-timeout 2 s; its search ended the process "
            "before with algorithm=0, algorithm=1");
  EXPECT_THAT(victim.lost_algorithms, ElementsAre("algorithm=0", "algorithm=1", "algorithm=2"));
}

TEST(Faults, AResumedRunTriesALostRowAgainToo) {
  const Folder folder;
  // Without its last case, as an interruption leaves it.
  EXPECT_EQ(run(folder, quick_sweep()).code, 0);
  const auto jsonl = folder.only(".jsonl");
  std::string kept;
  for (const std::string& line : lines_of(read_file(jsonl))) {
    if (line.find("\"case_index\":0") != std::string::npos ||
        line.find("\"type\":\"environment\"") != std::string::npos) {
      kept += line + "\n";
    }
  }
  std::ofstream(jsonl) << kept;
  const Finished finished =
      run(folder, quick_sweep({"--resume", jsonl.string()}), fault("lost_in_search"));
  EXPECT_EQ(finished.code, 0) << finished.err;
  EXPECT_THAT(expect_others_measured(folder).lost_algorithms, ElementsAre("algorithm=0"));
}

TEST(Faults, AnAlgorithmToAvoidStandsInTheFile) {
  const Folder folder;
  EXPECT_EQ(run(folder, quick_sweep(), fault("lost_in_search", 2)).code, 0);
  const Results results = read_results(folder.only(".jsonl"));
  ASSERT_EQ(results.attempts.size(), 2U);
  EXPECT_EQ(results.attempts[1].kernel, kVictim);
  EXPECT_EQ(results.attempts[1].case_index, 1);
  EXPECT_EQ(results.attempts[1].algorithm, "algorithm=1");
  EXPECT_EQ(results.attempts[1].ended, "the mock was told to lose the device in a search");
}

class Crash : public ::testing::TestWithParam<std::pair<std::string, std::string>> {};

TEST_P(Crash, CostsOneRowThatNamesTheSignal) {
  const auto& [kind, signal] = GetParam();
  const Folder folder;
  const Finished finished = run(folder, quick_sweep(), fault(kind));
  EXPECT_EQ(finished.code, 1) << finished.err;
  EXPECT_EQ(expect_one_casualty(folder, OutcomeKind::kFailed).outcome.reason, "ended by " + signal);
  EXPECT_THAT(finished.out, HasSubstr("ended by " + signal));
  EXPECT_FALSE(folder.only(".csv").empty());
  EXPECT_FALSE(folder.only(".pkl").empty());
  EXPECT_TRUE(folder.only(".part").empty());
}

INSTANTIATE_TEST_SUITE_P(Signals, Crash,
                         ::testing::Values(std::pair("crash_segv", "SIGSEGV"),
                                           std::pair("crash_abrt", "SIGABRT"),
                                           std::pair("crash_ill", "SIGILL"),
                                           std::pair("crash_in_prepare", "SIGSEGV")));

TEST(Faults, ACrashInASearchIsTriedAgainWithout) {
  const Folder folder;
  const Finished finished = run(folder, quick_sweep(), fault("crash_in_search"));
  EXPECT_EQ(finished.code, 0) << finished.err;
  EXPECT_THAT(expect_others_measured(folder).lost_algorithms, ElementsAre("algorithm=0"));
  EXPECT_THAT(finished.err, HasSubstr("algorithm=0: ended by SIGSEGV; it is tried again without"));
}

TEST(Faults, InOneProcessALostDeviceEndsTheRunAndResumeGoesOn) {
  const Folder folder;
  EXPECT_EQ(run(folder, quick_sweep({"--in-process"}), fault("device_lost")).code, 1);
  const auto jsonl = folder.only(".jsonl");
  const Results results = read_results(jsonl);
  EXPECT_EQ(results.records.back().outcome.reason, "the mock was told to lose the device");
  EXPECT_EQ(results.records.size(), 5U + 1U);
  EXPECT_EQ(run(folder, quick_sweep({"--resume", jsonl.string()}), fault("device_lost")).code, 1);
  expect_one_casualty(folder, OutcomeKind::kFailed);
}

TEST(Faults, InOneProcessASoundRunIsTheSame) {
  const Folder folder;
  const Finished finished = run(folder, quick_sweep({"--in-process"}));
  EXPECT_EQ(finished.code, 0) << finished.err;
  EXPECT_EQ(read_results(folder.only(".jsonl")).records.size(), 15U);
  EXPECT_EQ(folder.files().size(), 3U);
}

TEST(Faults, ASlowFirstLaunchIsWarmedUp) {
  const Folder folder;
  EXPECT_EQ(run(folder, quick_sweep(), fault("slow_first")).code, 0);
  for (const Record& record : read_results(folder.only(".jsonl")).records) {
    EXPECT_TRUE(record.outcome.measured()) << record.outcome.reason;
  }
}

TEST(Faults, AnUnevenSplitIsASkippedRow) {
  const Folder folder;
  const auto models = folder.path() / "models.json";
  std::ofstream(models) << R"({"models": [{"name": "tiny", "source": "a test", "layers": [
      {"name": "qkv", "k": 16, "n": 24, "split": "n"}, {"name": "o", "k": 16, "n": 32, "split": "k"}]}]})";
  const Finished finished =
      run(folder, {"--dtype", "int8", "--providers", "mock", "--device", "cpu", "--max-time", "0.2",
                   "--precision", "0.5", "model_bench", "--models-file", models.string(),
                   "--batch-sizes", "2", "--tp-sizes", "1", "3"});
  EXPECT_EQ(finished.code, 0) << finished.err;
  int skipped = 0;
  for (const Record& record : read_results(folder.only(".jsonl")).records) {
    if (record.layer == "o" && record.tensor_parallel == 3) {
      EXPECT_EQ(record.outcome.kind, OutcomeKind::kSkipped);
      EXPECT_EQ(record.outcome.reason, "tiny o: K = 16 does not divide by the TP size 3");
      ++skipped;
    } else {
      EXPECT_TRUE(record.outcome.measured()) << record.outcome.reason;
    }
  }
  EXPECT_EQ(skipped, 5);
}

}  // namespace
}  // namespace twofour::cli
