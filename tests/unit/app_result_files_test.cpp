#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <sstream>
#include <stdexcept>

#include "app/result_files.h"

namespace twofour::app {
namespace {

using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

class ResultFilesTest : public ::testing::Test {
 public:
  ~ResultFilesTest() override { std::filesystem::remove_all(folder_); }

 protected:
  ResultFilesTest() {
    std::string name = (std::filesystem::temp_directory_path() / "twofour_files_XXXXXX").string();
    if (mkdtemp(name.data()) == nullptr) throw std::runtime_error("cannot make " + name);
    folder_ = name;
    environment_.started_unix_s = 1764000000;
  }

  static std::string read(const std::filesystem::path& file) {
    std::ostringstream text;
    text << std::ifstream(file).rdbuf();
    return text.str();
  }
  static Record record(const std::string& kernel) {
    Record record;
    record.mode = BenchMode::kSquare;
    record.kernel = kernel;
    record.problem.shape = {.m = 1, .n = 2, .k = 3};
    record.executed = record.problem.shape;
    record.outcome = {OutcomeKind::kSkipped, "for the test"};
    return record;
  }

  std::filesystem::path folder_;
  Environment environment_;
};

TEST_F(ResultFilesTest, AreNamedByModeTypeAndTime) {
  const ResultFiles files(folder_ / "new", "square_bench", DataType::kFp8E4m3, environment_);
  EXPECT_EQ(files.jsonl(), folder_ / "new/square_bench-torch.float8_e4m3fn-1764000000.jsonl");
  EXPECT_TRUE(std::filesystem::exists(files.jsonl()));
}

TEST_F(ResultFilesTest, OfTwoRunsInOneSecondAreNotTheSame) {
  const ResultFiles first(folder_, "square_bench", DataType::kInt8, environment_);
  const ResultFiles second(folder_, "square_bench", DataType::kInt8, environment_);
  EXPECT_NE(first.jsonl(), second.jsonl());
}

TEST_F(ResultFilesTest, AreReadBackWithoutALineThatWasCutOff) {
  ResultFiles files(folder_, "square_bench", DataType::kInt8, environment_);
  files.append(std::vector<Record>{record("one"), record("two")});
  const std::string whole = read(files.jsonl());
  std::filesystem::resize_file(files.jsonl(), whole.size() - 5);
  const report::Results run = read_jsonl(files.jsonl());
  EXPECT_EQ(run.environment.started_unix_s, 1764000000);
  ASSERT_EQ(run.records.size(), 1U);
  EXPECT_EQ(run.records[0].kernel, "one");
  ResultFiles again(files.jsonl());
  again.append(std::vector<Record>{record("two")});
  EXPECT_EQ(read(files.jsonl()), whole);
}

TEST_F(ResultFilesTest, ALineThatIsNoRecordIsNamed) {
  ResultFiles files(folder_, "square_bench", DataType::kInt8, environment_);
  std::ofstream(files.jsonl(), std::ios::app) << "{\"kernel\": 1}\n";
  EXPECT_THAT([&] { read_jsonl(files.jsonl()); },
              ThrowsMessage<std::invalid_argument>(HasSubstr("' line 2: ")));
}

TEST_F(ResultFilesTest, AFolderThatCannotBeMadeIsNamed) {
  std::ofstream(folder_ / "file") << "";
  EXPECT_ANY_THROW(ResultFiles(folder_ / "file", "square_bench", DataType::kInt8, environment_));
}

}  // namespace
}  // namespace twofour::app
