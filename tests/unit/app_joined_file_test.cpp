// The files of ranks become one.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>

#include "app/joined_file.h"
#include "report/report.h"

namespace twofour::app {
namespace {

using ::testing::IsEmpty;

namespace fs = std::filesystem;

std::string environment_line(const std::string& job) {
  Environment environment;
  environment.started_utc = "2026-01-01T00:00:00Z";
  environment.device.details["job"] = job;
  return report::environment_json(environment) + "\n";
}

std::string row_line(int case_index) {
  Record record;
  record.case_index = case_index;
  record.kernel = "k";
  record.provider = "mock";
  record.problem.shape = record.executed = {.m = 1, .n = 1, .k = 1};
  record.outcome = {OutcomeKind::kSkipped, "for a test"};
  return report::record_json(record) + "\n";
}

class JoinedFile : public ::testing::Test {
 protected:
  JoinedFile() { fs::create_directories(folder_); }
  ~JoinedFile() override { fs::remove_all(folder_); }

  void write(const std::string& name, const std::string& text) {
    std::ofstream(folder_ / name, std::ios::binary) << text;
  }
  std::string read(const std::string& name) {
    std::ifstream stream(folder_ / name, std::ios::binary);
    return {std::istreambuf_iterator<char>(stream), {}};
  }
  void take_in() {
    JsonlFile joined = JsonlFile::make_or_open(folder_ / "run.jsonl");
    take_in_rank_files(joined);
  }

  fs::path folder_ =
      fs::path(::testing::TempDir()) /
      (std::string("joined_") + ::testing::UnitTest::GetInstance()->current_test_info()->name());
};

TEST_F(JoinedFile, IsNamedByTheFilesOfRanks) {
  EXPECT_EQ(joined_path("a/run.rank12.jsonl"), "a/run.jsonl");
  for (const char* other :
       {"a/run.jsonl", "run.rank.jsonl", "run.rank1x.jsonl", ".rank1.jsonl", "run.rank-1.jsonl"}) {
    EXPECT_EQ(joined_path(other), other);
  }
  EXPECT_EQ(rank_path("a/m-torch.int8-17.jsonl", 3), "a/m-torch.int8-17.rank3.jsonl");
}

TEST_F(JoinedFile, HasTheRowsOfEachRankBehindItsEnvironment) {
  write("run.jsonl", "");
  write("run.rank0.jsonl", environment_line("0") + row_line(0));
  write("run.rank10.jsonl", environment_line("10") + row_line(2));
  write("run.rank2.jsonl", environment_line("2") + row_line(1) + row_line(3).substr(0, 9));
  write("run.rank3.jsonl", environment_line("3"));
  write("other.rank0.jsonl", environment_line("other") + row_line(7));
  take_in();
  EXPECT_EQ(read("run.jsonl"), environment_line("0") + row_line(0) + environment_line("2") +
                                   row_line(1) + environment_line("10") + row_line(2));
  EXPECT_FALSE(fs::exists(folder_ / "run.rank0.jsonl"));
  EXPECT_FALSE(fs::exists(folder_ / "run.rank3.jsonl"));
  EXPECT_TRUE(fs::exists(folder_ / "other.rank0.jsonl"));
}

TEST_F(JoinedFile, DoesNotHaveALineTwiceWhereJoiningWasCutShort) {
  const std::string first = environment_line("0") + row_line(0);
  write("run.jsonl", first + row_line(1).substr(0, 20));
  write("run.rank0.jsonl", first + row_line(1));
  take_in();
  EXPECT_EQ(read("run.jsonl"), first + environment_line("0") + row_line(1));
  EXPECT_EQ(report::parse_runs("run", read("run.jsonl")).size(), 2U);
}

TEST_F(JoinedFile, HasWhatStandsInAPartFile) {
  write("run.rank1.jsonl", environment_line("1") + row_line(0));
  {
    run::PartWriter part(folder_ / "run.rank1.part");
    Record record = report::parse_record_json(row_line(5));
    part.row(record);
  }
  take_in();
  EXPECT_EQ(read("run.jsonl"), environment_line("1") + row_line(0) + row_line(5));
  EXPECT_FALSE(fs::exists(folder_ / "run.rank1.part"));
}

TEST_F(JoinedFile, TakesPiecesThatEndAnywhere) {
  const std::string text = environment_line("0") + row_line(0) + row_line(1);
  {
    JsonlFile file = JsonlFile::make_or_open(folder_ / "run.jsonl");
    Joiner joiner(file);
    joiner.begin();
    for (std::size_t i = 0; i < text.size(); i += 7) joiner.add(text.substr(i, 7));
  }
  EXPECT_EQ(read("run.jsonl"), text);
}

TEST_F(JoinedFile, IsLeftAloneWithoutFilesOfRanks) {
  write("run.jsonl", "");
  take_in();
  EXPECT_THAT(read("run.jsonl"), IsEmpty());
}

}  // namespace
}  // namespace twofour::app
