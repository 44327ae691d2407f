// What a run that was interrupted leaves, and how it goes on.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>
#include <set>

#include "program.h"

namespace twofour::cli {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

std::vector<std::string> long_sweep(const std::vector<std::string>& more = {}) {
  std::vector<std::string> words{"--dtype",     "int8", "--device",   "cpu", "--providers", "mock",
                                 "--precision", "0.3",  "--max-time", "0.3", "--threads",   "1"};
  for (const std::string& word : more) words.push_back(word);
  for (const char* word :
       {"square_bench", "--dim-start", "1", "--dim-end", "40", "--dim-increment", "1"}) {
    words.emplace_back(word);
  }
  return words;
}

/// Sends `signal` once, as soon as two cases are in the .jsonl of `folder`.
WhileRunning signal_after_two_cases(const Folder& folder, int signal) {
  return [&folder, signal, sent = false](pid_t pid) mutable {
    const auto jsonl = folder.only(".jsonl");
    if (sent || jsonl.empty() || lines_of(read_file(jsonl)).size() < 1 + 2 * 5) return;
    kill(pid, signal);
    sent = true;
  };
}

std::size_t cases_measured(const Results& results) {
  std::set<int> cases;
  for (const Record& record : results.records) {
    if (record.outcome.measured()) cases.insert(record.case_index);
  }
  return cases.size();
}

class Interrupted : public ::testing::TestWithParam<int> {};

TEST_P(Interrupted, KeepsWhatIsDoneAndExitsWith130) {
  const Folder folder;
  const Finished finished =
      run(folder, long_sweep(), "", signal_after_two_cases(folder, GetParam()));
  EXPECT_EQ(finished.code, 130) << finished.err;
  EXPECT_THAT(finished.out, HasSubstr("== All Results "));
  const Results results = read_results(folder.only(".jsonl"));
  EXPECT_GE(cases_measured(results), 2U);
  EXPECT_LT(cases_measured(results), 40U);
  EXPECT_FALSE(folder.only(".csv").empty());
  EXPECT_FALSE(folder.only(".pkl").empty());
}

INSTANTIATE_TEST_SUITE_P(Signals, Interrupted, ::testing::Values(SIGINT, SIGTERM, SIGHUP));

TEST(Resume, MeasuresWhatIsLeftAndKeepsWhatIsThere) {
  const Folder folder;
  run(folder, long_sweep(), "", signal_after_two_cases(folder, SIGINT));
  const auto jsonl = folder.only(".jsonl");
  const std::string before = read_file(jsonl);
  const Finished finished = run(folder, long_sweep({"--resume", jsonl.string()}));
  EXPECT_EQ(finished.code, 0) << finished.err;
  EXPECT_EQ(folder.only(".jsonl"), jsonl) << "a second .jsonl";
  EXPECT_THAT(read_file(jsonl), StartsWith(before));
  EXPECT_EQ(cases_measured(read_results(jsonl)), 40U);
  EXPECT_THAT(read_file(folder.only(".csv")), HasSubstr("40x40x40"));
}

TEST(Resume, GoesOnAfterALineThatWasCutOff) {
  const Folder folder;
  ASSERT_EQ(run(folder, quick_sweep()).code, 0);
  const auto jsonl = folder.only(".jsonl");
  const std::string whole = read_file(jsonl);
  std::filesystem::resize_file(jsonl, whole.size() - 20);
  EXPECT_EQ(run(folder, quick_sweep({"--resume", jsonl.string()})).code, 0);
  const Results results = read_results(jsonl);
  EXPECT_EQ(cases_measured(results), 3U);
  EXPECT_EQ(results.records.size(), 15U);
}

TEST(Resume, OfAFinishedRunMeasuresNothing) {
  const Folder folder;
  ASSERT_EQ(run(folder, quick_sweep()).code, 0);
  const auto jsonl = folder.only(".jsonl");
  const std::string before = read_file(jsonl);
  const Finished finished = run(folder, quick_sweep({"--resume", jsonl.string()}));
  EXPECT_EQ(finished.code, 0);
  EXPECT_EQ(read_file(jsonl), before);
  EXPECT_THAT(finished.out, HasSubstr("== All Results "));
}

TEST(Resume, OfAnotherCommandLineIsRefused) {
  const Folder folder;
  ASSERT_EQ(run(folder, quick_sweep()).code, 0);
  const auto jsonl = folder.only(".jsonl");
  const std::string before = read_file(jsonl);
  const Finished finished = run(folder, quick_sweep({"--seed", "9", "--resume", jsonl.string()}));
  EXPECT_EQ(finished.code, 2);
  EXPECT_THAT(finished.err, HasSubstr("seed: 0 then, 9 now"));
  EXPECT_EQ(read_file(jsonl), before);
}

}  // namespace
}  // namespace twofour::cli
