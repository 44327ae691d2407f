#include "app/result_files.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

#include "app/command.h"

namespace twofour::app {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

class ResultFiles : public ::testing::Test {
 protected:
  ResultFiles() { std::filesystem::create_directories(folder_); }
  ~ResultFiles() override { std::filesystem::remove_all(folder_); }
  ResultFiles(const ResultFiles&) = delete;
  ResultFiles& operator=(const ResultFiles&) = delete;

  std::string write(const std::string& name, const std::string& bytes) {
    std::string path = folder_ / name;
    std::ofstream(path, std::ios::binary) << bytes;
    return path;
  }
  static std::string read(const std::string& path) {
    std::ostringstream bytes;
    bytes << std::ifstream(path, std::ios::binary).rdbuf();
    return bytes.str();
  }
  std::filesystem::path folder_ =
      std::filesystem::path(::testing::TempDir()) /
      // Tests run side by side.
      (std::string("twofour_") + ::testing::UnitTest::GetInstance()->current_test_info()->name());
};

TEST_F(ResultFiles, AreReadInTheirOrder) {
  Environment second;
  second.seed = 2;
  const std::vector<std::string> files{write("a", report::environment_json({}) + "\n"),
                                       write("b", report::environment_json(second) + "\n")};
  const std::vector<report::Run> runs = read_result_files(files);
  ASSERT_EQ(runs.size(), 2U);
  EXPECT_EQ(runs[0].source, files[0]);
  EXPECT_EQ(runs[1].environment.seed, 2U);
}

TEST_F(ResultFiles, ThatCannotBeReadAreNamed) {
  const auto refused = [](const std::string& file, const std::string& reason) {
    EXPECT_THAT([&] { read_result_files(std::vector{file}); },
                ThrowsMessage<UsageError>(AllOf(HasSubstr(file), HasSubstr(reason))));
  };
  refused(folder_ / "none", "No such file");
  refused(folder_, "is a directory");
  refused(write("empty", ""), "line 1: it is missing");
  refused(write("foreign", "\x89PNG\r\n"), "line 1: the line is not JSON");
}

TEST_F(ResultFiles, OutputTakesThePlaceOfAnEarlierOne) {
  const std::string path = write("page", "old");
  write_output(path, "new");
  EXPECT_EQ(read(path), "new");
  EXPECT_FALSE(std::filesystem::exists(path + ".new"));
  EXPECT_THAT([&] { write_output((folder_ / "none" / "page").string(), "x"); },
              ThrowsMessage<std::runtime_error>(HasSubstr("cannot write")));
  EXPECT_THAT([&] { write_output("/dev/full", "x"); },
              ThrowsMessage<std::runtime_error>(HasSubstr("/dev/full")));
}

}  // namespace
}  // namespace twofour::app
