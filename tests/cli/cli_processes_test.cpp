// The parent that supervises and the child that measures: what happens when either is stopped,
// interrupted or killed.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <csignal>
#include <fstream>
#include <map>
#include <optional>
#include <thread>

#include "program.h"

namespace twofour::cli {
namespace {

using ::testing::HasSubstr;
using Clock = std::chrono::steady_clock;

constexpr const char* kHang =
    R"({"fault": {"kind": "hang", "kernel": "i8.*sparse_mm$", "case_m": 32}})";
constexpr std::size_t kRowsOfACase = 5;

std::size_t line_count(const std::filesystem::path& file) {
  return file.empty() ? 0 : lines_of(read_file(file)).size();
}

/// The process that measures; nothing before it is there.
std::optional<pid_t> child_of(pid_t pid) {
  const auto children = children_of(pid);
  if (children.size() != 1) return std::nullopt;
  return children.front();
}

/// Each row of the quick sweep is there, once, and measured.
void expect_all_measured(const std::filesystem::path& jsonl) {
  std::map<std::pair<std::int64_t, std::string>, int> seen;
  for (const Record& record : read_results(jsonl).records) {
    ++seen[{record.problem.shape.m, record.kernel}];
    EXPECT_TRUE(record.outcome.measured()) << record.outcome.reason;
  }
  EXPECT_EQ(seen.size(), 3 * kRowsOfACase);
  for (const auto& [row, times] : seen) EXPECT_EQ(times, 1) << row.second << " " << row.first;
}

/// Calls `act` once, when the first case is in the .jsonl.
WhileRunning once_after_a_case(const Folder& folder, std::function<void(pid_t)> act) {
  return [&folder, act = std::move(act), done = false](pid_t pid) mutable {
    if (done || line_count(folder.only(".jsonl")) < 1 + kRowsOfACase) return;
    done = true;
    act(pid);
  };
}

TEST(Processes, TimeInWhichAllWereStoppedDoesNotCount) {
  const Folder folder;
  const Finished finished = run(folder, quick_sweep({"--case-timeout", "2"}), "",
                                once_after_a_case(folder, [](pid_t pid) {
                                  kill(-pid, SIGSTOP);
                                  std::this_thread::sleep_for(std::chrono::milliseconds(3000));
                                  kill(-pid, SIGCONT);
                                }));
  EXPECT_EQ(finished.code, 0) << finished.err;
  expect_all_measured(folder.only(".jsonl"));
}

TEST(Processes, TimeInWhichTheChildWasStoppedDoesNotCount) {
  const Folder folder;
  const Finished finished = run(folder, quick_sweep({"--case-timeout", "2"}), "",
                                once_after_a_case(folder, [](pid_t pid) {
                                  const auto child = child_of(pid);
                                  ASSERT_TRUE(child.has_value());
                                  kill(*child, SIGSTOP);
                                  std::this_thread::sleep_for(std::chrono::milliseconds(3000));
                                  kill(*child, SIGCONT);
                                }));
  EXPECT_EQ(finished.code, 0) << finished.err;
  expect_all_measured(folder.only(".jsonl"));
}

class InterruptedHang : public ::testing::TestWithParam<int> {};

TEST_P(InterruptedHang, EndsWith130AndItsRowIsLeftToResume) {
  const Folder folder;
  const auto interrupt = once_after_a_case(folder, [](pid_t pid) {
    std::this_thread::sleep_for(std::chrono::milliseconds(600));  // into the hang
    kill(pid, GetParam());
  });
  const Finished finished = run(folder, quick_sweep({"--case-timeout", "2"}), kHang, interrupt);
  EXPECT_EQ(finished.code, 130) << finished.err;
  EXPECT_THAT(finished.out, HasSubstr("== All Results "));
  EXPECT_FALSE(folder.only(".csv").empty());
  EXPECT_FALSE(folder.only(".pkl").empty());
  EXPECT_TRUE(folder.only(".part").empty());
  const auto jsonl = folder.only(".jsonl");
  EXPECT_EQ(read_results(jsonl).records.size(), kRowsOfACase);
  EXPECT_EQ(run(folder, quick_sweep({"--resume", jsonl.string()})).code, 0);
  expect_all_measured(jsonl);
}

INSTANTIATE_TEST_SUITE_P(Signals, InterruptedHang, ::testing::Values(SIGINT, SIGTERM, SIGHUP));

TEST(Processes, ASecondInterruptEndsAHangAtOnce) {
  const Folder folder;
  const auto begin = Clock::now();
  const Finished finished = run(folder, quick_sweep({"--case-timeout", "100"}), kHang,
                                once_after_a_case(folder, [](pid_t pid) {
                                  std::this_thread::sleep_for(std::chrono::milliseconds(600));
                                  kill(pid, SIGINT);
                                  std::this_thread::sleep_for(std::chrono::milliseconds(200));
                                  kill(pid, SIGINT);
                                }));
  EXPECT_EQ(finished.code, 130) << finished.err;
  EXPECT_THAT(finished.out, HasSubstr("== All Results "));
  EXPECT_FALSE(folder.only(".csv").empty());
  EXPECT_LT(Clock::now() - begin, std::chrono::seconds(60));
}

TEST(Processes, AChildDiesWithItsParentAndResumeKeepsAll) {
  const Folder folder;
  pid_t child = 0;
  const Finished finished =
      run(folder, quick_sweep(), "", once_after_a_case(folder, [&](pid_t pid) {
            child = child_of(pid).value_or(0);
            kill(pid, SIGKILL);
          }));
  EXPECT_EQ(finished.code, 128 + SIGKILL);
  ASSERT_NE(child, 0);
  for (int i = 0; i < 1000 && kill(child, 0) == 0; ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  // Gone, or waited for by nobody.
  const std::string state = read_file(fmt::format("/proc/{}/stat", child));
  EXPECT_TRUE(state.empty() || state.find(") Z ") != std::string::npos) << state;
  const auto jsonl = folder.only(".jsonl");
  const std::string before = read_file(jsonl);
  EXPECT_EQ(run(folder, quick_sweep({"--resume", jsonl.string()})).code, 0);
  EXPECT_TRUE(read_file(jsonl).starts_with(before.substr(0, before.rfind('\n') + 1)));
  expect_all_measured(jsonl);
  EXPECT_TRUE(folder.only(".part").empty());
}

TEST(Processes, AKilledChildCostsAtMostItsRow) {
  const Folder folder;
  const Finished finished = run(folder, quick_sweep(), "", once_after_a_case(folder, [](pid_t pid) {
                                  if (const auto child = child_of(pid)) kill(*child, SIGKILL);
                                }));
  int failed = 0;
  std::map<std::pair<std::int64_t, std::string>, int> seen;
  for (const Record& record : read_results(folder.only(".jsonl")).records) {
    ++seen[{record.problem.shape.m, record.kernel}];
    if (record.outcome.measured()) continue;
    EXPECT_EQ(record.outcome.reason, "ended by SIGKILL");
    ++failed;
  }
  EXPECT_EQ(seen.size(), 3 * kRowsOfACase);
  EXPECT_LE(failed, 1);
  EXPECT_EQ(finished.code, failed == 0 ? 0 : 1) << finished.err;
}

TEST(Processes, AChildThatIsKilledAtItsStartEndsTheRun) {
  const Folder folder;
  const Finished finished = run(folder, quick_sweep(), "", [done = false](pid_t pid) mutable {
    const auto child = child_of(pid);
    if (done || !child) return;
    done = true;
    kill(*child, SIGKILL);
  });
  EXPECT_EQ(finished.code, 1);
  EXPECT_THAT(finished.err,
              HasSubstr("the process that measures came to its end before its first kernel: ended "
                        "by SIGKILL\n"));
  EXPECT_TRUE(folder.files().empty());
}

TEST(Processes, ASecondWriterIsRefusedAndToldWhoHolds) {
  const Folder folder;
  Finished second;
  pid_t holder = 0;
  const Finished first = run(folder, quick_sweep(), "", once_after_a_case(folder, [&](pid_t pid) {
                               holder = pid;
                               const auto jsonl = folder.only(".jsonl").string();
                               second = run(folder, quick_sweep({"--resume", jsonl}));
                             }));
  EXPECT_EQ(first.code, 0) << first.err;
  EXPECT_EQ(second.code, 2);
  EXPECT_THAT(second.err,
              HasSubstr(fmt::format("belongs to a run that is not over: process {}\n", holder)));
  expect_all_measured(folder.only(".jsonl"));
}

TEST(Processes, RowsThatOnlyTheChildHadWrittenAreKept) {
  const Folder folder;
  ASSERT_EQ(run(folder, quick_sweep()).code, 0);
  const auto jsonl = folder.only(".jsonl");
  const auto lines = lines_of(read_file(jsonl));
  auto part = jsonl;
  part.replace_extension(".part");
  // As a parent leaves it that was killed after the first case: the second stands in the part file.
  std::ofstream kept(jsonl);
  for (std::size_t i = 0; i <= kRowsOfACase; ++i) kept << lines[i] << '\n';
  kept.close();
  std::ofstream left(part);
  left << std::string(4095, ' ') << '\n';
  for (std::size_t i = 3; i <= 2 * kRowsOfACase; ++i) left << lines[i] << '\n';
  left << lines.back().substr(0, 100);
  left.close();
  EXPECT_EQ(run(folder, quick_sweep({"--resume", jsonl.string()})).code, 0);
  const auto again = lines_of(read_file(jsonl));
  ASSERT_EQ(again.size(), lines.size());
  for (std::size_t i = 0; i <= 2 * kRowsOfACase; ++i) EXPECT_EQ(again[i], lines[i]);
  expect_all_measured(jsonl);
  EXPECT_FALSE(std::filesystem::exists(part));
}

TEST(Resume, OfAFileThatNeverBeganIsRefused) {
  const Folder folder;
  const auto file = folder.path() / "empty.jsonl";
  std::ofstream(file) << "";
  const Finished finished = run(folder, quick_sweep({"--resume", file.string()}));
  EXPECT_EQ(finished.code, 2);
  EXPECT_THAT(finished.err, HasSubstr("empty.jsonl' has no environment line"));
}

TEST(Resume, MeasuresTheHotRowThatIsMissing) {
  const Folder folder;
  ASSERT_EQ(run(folder, quick_sweep({"--cache", "both"})).code, 0);
  const auto jsonl = folder.only(".jsonl");
  const std::string whole = read_file(jsonl);
  const auto records = read_results(jsonl).records.size();
  std::filesystem::resize_file(jsonl, whole.substr(0, whole.size() - 1).rfind('\n') + 1);
  const auto resumed = quick_sweep({"--cache", "both", "--resume", jsonl.string()});
  EXPECT_EQ(run(folder, resumed).code, 0);
  EXPECT_EQ(read_results(jsonl).records.size(), records);
}

}  // namespace
}  // namespace twofour::cli
