// stdin, stdout and stderr that are closed, full or without a reader, and disks that are full.
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "program.h"

namespace twofour::cli {
namespace {

using ::testing::HasSubstr;

constexpr std::size_t kRows = 15;  // of the quick sweep
/// In a shell: descriptor 4 is a pipe whose reader is gone.
constexpr std::string_view kPipe = "rm -f pipe; mkfifo pipe; exec 3<>pipe 4>pipe 3<&-;";

/// The quick sweep as words of a shell; none of them needs quotes.
std::string sweep_line(const std::vector<std::string>& more = {}) {
  return fmt::format("twofour {}", fmt::join(quick_sweep(more), " "));
}

void expect_whole_files(const Folder& folder) {
  EXPECT_EQ(read_results(folder.only(".jsonl")).records.size(), kRows);
  EXPECT_THAT(read_file(folder.only(".csv")), HasSubstr("48x48x48"));
  EXPECT_GT(std::filesystem::file_size(folder.only(".pkl")), 0U);
  EXPECT_TRUE(folder.only(".part").empty());
}

/// How often `text` says that stdout cannot be written.
std::size_t complaints(const std::string& text) {
  std::size_t count = 0;
  for (const std::string& line : lines_of(text)) {
    if (line.find("cannot write to stdout") != std::string::npos) ++count;
  }
  return count;
}

class StderrLost : public ::testing::TestWithParam<std::string> {};

TEST_P(StderrLost, ChangesNothing) {
  const Folder folder;
  const auto code_of = [&](const std::string& line) {
    run_line(folder, fmt::format("{} {{ {}; echo $? >code; }} {}", kPipe, line, GetParam()));
    return read_file(folder.path() / "code");
  };
  EXPECT_EQ(code_of(sweep_line() + " >/dev/null"), "0\n");
  expect_whole_files(folder);
  EXPECT_EQ(code_of("twofour --nope list"), "2\n");
  EXPECT_EQ(code_of("twofour --providers nobody --dtype int8 --device cpu model_bench"), "2\n");
  EXPECT_EQ(code_of("twofour --version >/dev/null"), "0\n");
  const std::string compare = "head -c 4000 *[0-9].jsonl >cut; twofour compare cut cut >/dev/null";
  EXPECT_EQ(code_of(compare), fmt::format("{}\n", run_line(folder, compare).code));
}

INSTANTIATE_TEST_SUITE_P(Ways, StderrLost,
                         ::testing::Values("2>&-", "2>/dev/full", "<&- 2>&-", "2>&4",
                                           "2</dev/null"));

class StdoutLost : public ::testing::TestWithParam<std::string> {};

TEST_P(StdoutLost, IsSaidOnceAndTheFilesAreWhole) {
  const Folder folder;
  const Finished finished = run_line(
      folder, fmt::format("{} {{ {}; echo $? >code; }} {}", kPipe, sweep_line(), GetParam()));
  EXPECT_EQ(read_file(folder.path() / "code"), "1\n");
  EXPECT_EQ(complaints(finished.err), 1U) << finished.err;
  expect_whole_files(folder);
}

TEST_P(StdoutLost, IsAFailureOfEveryCommand) {
  for (const std::string& command :
       {std::string("twofour --help"), std::string("twofour --version"),
        std::string("twofour --device cpu list"), sweep_line({"--dry-run"})}) {
    const Folder folder;
    const Finished finished =
        run_line(folder, fmt::format("{} {{ {}; echo $? >code; }} {}", kPipe, command, GetParam()));
    EXPECT_EQ(read_file(folder.path() / "code"), "1\n") << command;
    EXPECT_EQ(complaints(finished.err), 1U) << command << ": " << finished.err;
  }
}

INSTANTIATE_TEST_SUITE_P(Ways, StdoutLost,
                         ::testing::Values(">/dev/full", ">&-", ">&4", "<&- >&-", "1</dev/null"));

TEST(Streams, AllClosedNoFileTakesTheirPlace) {
  const Folder folder;
  EXPECT_EQ(run_line(folder, sweep_line() + " <&- >&- 2>&-").code, 1);
  expect_whole_files(folder);
}

TEST(Streams, AReaderThatTakesOneLineEndsNoRun) {
  const Folder folder;
  run_line(folder, fmt::format("{{ {}; echo $? >code; }} | head -n 1", sweep_line()));
  EXPECT_EQ(read_file(folder.path() / "code"), "1\n");
  expect_whole_files(folder);
}

class FileLimit : public ::testing::TestWithParam<std::vector<std::string>> {};

TEST_P(FileLimit, NamesTheFileAndLosesNothing) {
  const Folder folder;
  // In blocks of 512 bytes: some rows fit.
  const Finished finished = run_line(folder, "ulimit -f 30; " + sweep_line(GetParam()));
  EXPECT_EQ(finished.code, 1);
  EXPECT_THAT(finished.err, HasSubstr("': File too large\n"));
  EXPECT_THAT(finished.err, HasSubstr("twofour: cannot write '"));
  const auto jsonl = folder.only(".jsonl");
  const std::string before = read_file(jsonl);
  EXPECT_TRUE(before.ends_with('\n'));
  EXPECT_LT(lines_of(before).size(), 1 + kRows);
  for (const Record& record : read_results(jsonl).records) {
    EXPECT_TRUE(record.outcome.measured()) << record.outcome.reason;
  }
  EXPECT_EQ(run(folder, quick_sweep({"--resume", jsonl.string()})).code, 0);
  EXPECT_TRUE(read_file(jsonl).starts_with(before));
  expect_whole_files(folder);
}

INSTANTIATE_TEST_SUITE_P(Processes, FileLimit,
                         ::testing::Values(std::vector<std::string>{},
                                           std::vector<std::string>{"--in-process"}));

TEST(Streams, AFileOfTheRunThatCannotBeWrittenIsNamedAndTheOthersAre) {
  const Folder folder;
  // A folder stands where the .csv should be.
  const auto block = once_after_rows(folder, 1, [&](pid_t) {
    auto csv = folder.only(".jsonl");
    std::filesystem::create_directory(csv.replace_extension(".csv"));
  });
  const Finished finished = run(folder, quick_sweep(), "", block);
  EXPECT_EQ(finished.code, 1);
  EXPECT_THAT(finished.err, HasSubstr(".csv': Is a directory\n"));
  EXPECT_FALSE(folder.only(".pkl").empty());
  EXPECT_THAT(finished.out, HasSubstr("== All Results "));
}

}  // namespace
}  // namespace twofour::cli
