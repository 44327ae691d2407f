// A report that is made row by row is the one of all rows at once.
#include "app/streamed_report.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "app/command.h"
#include "app/result_files.h"

namespace twofour::app {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

Record row(int case_index, std::int64_t m, double median_s, std::string kernel = "cpu_sparse") {
  Record r;
  r.case_index = case_index;
  r.problem.shape = {.m = m, .n = 64, .k = 64};
  r.device = DeviceId{};
  r.provider = "cpu";
  r.provider_version = "1";
  r.kernel = std::move(kernel);
  r.repro = "twofour";
  r.tokens = m;
  r.samples = Samples{.device_s = {median_s}, .host_s = {median_s}, .launches_per_sample = 1};
  r.summary = Summary{.median_s = median_s, .samples = 1};
  return r;
}

class StreamedReport : public ::testing::Test {
 protected:
  StreamedReport() { std::filesystem::create_directories(folder_); }
  ~StreamedReport() override { std::filesystem::remove_all(folder_); }
  StreamedReport(const StreamedReport&) = delete;
  StreamedReport& operator=(const StreamedReport&) = delete;

  /// A file of one run for each list of rows.
  void write(const std::string& name, std::int64_t started,
             const std::vector<std::vector<Record>>& runs) {
    files_.push_back(folder_ / name);
    std::ofstream file(files_.back(), std::ios::binary);
    for (const std::vector<Record>& records : runs) {
      report::Run run{.source = name, .environment = {}, .records = {}};
      run.environment.started_unix_s = started++;
      file << report::jsonl_opening(run.environment) << report::jsonl_rows(records);
    }
  }
  static std::string read(const std::string& path) {
    std::ostringstream bytes;
    bytes << std::ifstream(path, std::ios::binary).rdbuf();
    return bytes.str();
  }
  std::string streamed(const std::string& format) {
    streamed_report(files_, *report::find_format(format), folder_ / "out",
                    [&](const std::set<std::int64_t>& tokens) { tokens_ = tokens; });
    return read(folder_ / "out");
  }
  std::string at_once(const std::string& format) {
    return report::find_format(format)->document(read_result_files(files_));
  }

  std::filesystem::path folder_ = std::filesystem::path(::testing::TempDir()) /
                                  (std::string("twofour_streamed_") +
                                   ::testing::UnitTest::GetInstance()->current_test_info()->name());
  std::vector<std::string> files_;
  std::set<std::int64_t> tokens_;
};

TEST_F(StreamedReport, IsTheReportOfAllRowsAtOnce) {
  Record failed = row(2, 3, 1.0);
  failed.summary.reset();
  failed.outcome = {OutcomeKind::kFailed, "ended by SIGSEGV"};
  // The first file has a run that was gone on with, and is older than the second one, whose row of
  // case 0 counts; the last file is older than both.
  write("a.jsonl", 100, {{row(0, 1, 1.0), row(1, 2, 1.0)}, {failed, row(0, 1, 2.0)}});
  write("b.jsonl", 200, {{row(0, 1, 3.0), row(0, 1, 3.0, "cpu_dense")}, {}});
  write("c.jsonl", 50, {{row(0, 1, 4.0), row(1, 7, 4.0)}});
  for (const char* const format : {"csv", "jsonl", "pkl"}) {
    EXPECT_EQ(streamed(format), at_once(format)) << format;
  }
  EXPECT_THAT(tokens_, ElementsAre(1, 2, 3, 7));
  EXPECT_FALSE(std::filesystem::exists(folder_ / "out.new"));
}

TEST_F(StreamedReport, LeavesAnEarlierFileWhereALineIsNone) {
  write("a.jsonl", 100, {{row(0, 1, 1.0)}});
  const std::string before = streamed("csv");
  std::ofstream(files_[0], std::ios::app) << "{}\n";
  EXPECT_THAT([&] { streamed("csv"); }, ThrowsMessage<UsageError>(HasSubstr("line 3")));
  EXPECT_EQ(read(folder_ / "out"), before);
  EXPECT_FALSE(std::filesystem::exists(folder_ / "out.new"));
}

TEST_F(StreamedReport, WhatIsAppendedBetweenTheReadingsIsNotShown) {
  write("a.jsonl", 100, {{row(0, 1, 1.0)}});
  write("b.jsonl", 50, {{row(0, 2, 1.0)}});
  const std::string before = at_once("jsonl");
  streamed_report(files_, *report::find_format("jsonl"), folder_ / "out",
                  [&](const std::set<std::int64_t>& /*tokens*/) {
                    report::Run more{.source = "", .environment = {}, .records = {}};
                    std::ofstream(files_[0], std::ios::app)
                        << report::jsonl_rows(std::vector{row(1, 3, 1.0)})
                        << report::jsonl_opening(more.environment)
                        << report::jsonl_rows(std::vector{row(2, 4, 1.0)});
                  });
  EXPECT_EQ(read(folder_ / "out"), before);
}

TEST_F(StreamedReport, AFileThatBecameShorterIsSaid) {
  write("a.jsonl", 100, {{row(0, 1, 1.0)}});
  EXPECT_THAT(
      [&] {
        streamed_report(files_, *report::find_format("jsonl"), folder_ / "out",
                        [&](const std::set<std::int64_t>& /*tokens*/) {
                          std::ofstream(files_[0], std::ios::binary)
                              << report::jsonl_opening(Environment{});
                        });
      },
      ThrowsMessage<UsageError>(HasSubstr("became shorter")));
}

TEST_F(StreamedReport, APipeCannotBeReadTwice) {
  write("a.jsonl", 100, {{row(0, 1, 1.0)}});
  EXPECT_TRUE(can_be_read_twice(files_));
  EXPECT_FALSE(can_be_read_twice(std::vector<std::string>{files_[0], "/dev/null"}));
}

}  // namespace
}  // namespace twofour::app
