// The .jsonl: named, locked, read back, and gone where nothing was written.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <sstream>
#include <stdexcept>

#include "app/command.h"
#include "app/jsonl_file.h"
#include "app/sinks.h"
#include "run/child_process.h"

namespace twofour::app {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::MatchesRegex;
using ::testing::ThrowsMessage;

class JsonlFileTest : public ::testing::Test {
 public:
  ~JsonlFileTest() override { std::filesystem::remove_all(folder_); }

 protected:
  JsonlFileTest() {
    std::string name = (std::filesystem::temp_directory_path() / "twofour_files_XXXXXX").string();
    if (mkdtemp(name.data()) == nullptr) throw std::runtime_error("cannot make " + name);
    folder_ = name;
  }

  static std::string read(const std::filesystem::path& file) {
    std::ostringstream text;
    text << std::ifstream(file).rdbuf();
    return text.str();
  }
  static Record record(const std::string& kernel) {
    Record record;
    record.kernel = kernel;
    record.problem.shape = {.m = 1, .n = 2, .k = 3};
    record.executed = record.problem.shape;
    record.outcome = {OutcomeKind::kSkipped, "for the test"};
    return record;
  }
  [[nodiscard]] JsonlFile make() const {
    return JsonlFile::make(folder_, "square_bench", DataType::kInt8);
  }
  /// A file with an environment, an attempt and two rows.
  [[nodiscard]] std::filesystem::path written() const {
    JsonlFile file = make();
    JsonlSink sink(file);
    sink.environment({});
    sink.row(record("one"));
    sink.attempt({0, "two", "a", "ended by SIGSEGV"});
    sink.row(record("two"));
    return file.path();
  }

  std::filesystem::path folder_;
};

TEST_F(JsonlFileTest, IsNamedByModeTypeAndTime) {
  const auto file = JsonlFile::make(folder_ / "new", "square_bench", DataType::kFp8E4m3);
  EXPECT_THAT(file.path().filename().string(),
              MatchesRegex("square_bench-torch.float8_e4m3fn-[0-9]+.jsonl"));
  EXPECT_EQ(file.part().extension(), ".part");
  EXPECT_TRUE(std::filesystem::exists(file.path()));
}

TEST_F(JsonlFileTest, OfTwoRunsInOneSecondAreNotTheSame) {
  const JsonlFile first = make();
  const JsonlFile second = make();
  EXPECT_NE(first.path(), second.path());
}

TEST_F(JsonlFileTest, GoesWithTheFoldersMadeForItWhenNothingWasWritten) {
  { const auto file = JsonlFile::make(folder_ / "a" / "b", "square_bench", DataType::kInt8); }
  EXPECT_FALSE(std::filesystem::exists(folder_ / "a"));
  { const auto file = make(); }
  EXPECT_TRUE(std::filesystem::is_empty(folder_));
}

TEST_F(JsonlFileTest, IsReadBackWithoutALineThatWasCutOff) {
  const auto path = written();
  const std::string whole = read(path);
  std::filesystem::resize_file(path, whole.size() - 5);
  JsonlFile file = JsonlFile::open(path);
  const run::Ledger ledger = file.read();
  ASSERT_TRUE(ledger.environment().has_value());
  ASSERT_EQ(ledger.records().size(), 1U);
  EXPECT_EQ(ledger.records()[0].kernel, "one");
  EXPECT_THAT(ledger.avoid(0, "two"), ElementsAre("a"));
  JsonlSink(file).row(record("two"));
  EXPECT_EQ(read(path), whole);
}

TEST_F(JsonlFileTest, ALineThatIsNoRecordIsNamed) {
  const auto path = written();
  std::ofstream(path, std::ios::app) << "{\"kernel\": 1}\n";
  JsonlFile file = JsonlFile::open(path);
  EXPECT_THAT([&] { file.read(); }, ThrowsMessage<std::invalid_argument>(HasSubstr("' line 5: ")));
}

TEST_F(JsonlFileTest, AFolderThatCannotBeMadeIsNamed) {
  std::ofstream(folder_ / "file") << "";
  EXPECT_THAT([&] { JsonlFile::make(folder_ / "file" / "x", "square_bench", DataType::kInt8); },
              ThrowsMessage<std::runtime_error>(HasSubstr("--output-dir: '")));
}

TEST_F(JsonlFileTest, HasOneWriterWhoseChildDoesNotHoldIt) {
  const auto path = written();
  const auto open_in_child = [&] {
    return run::run_in_child([&] {
      try {
        JsonlFile::open(path);
        return 0;
      } catch (const UsageError& error) {
        return std::string(error.what()).ends_with("process " + std::to_string(getppid())) ? 1 : 2;
      }
    });
  };
  {
    const JsonlFile held = JsonlFile::open(path);
    EXPECT_EQ(open_in_child(), 1);
  }
  EXPECT_EQ(open_in_child(), 0);
}

}  // namespace
}  // namespace twofour::app
