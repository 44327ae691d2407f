// Files that a command line names, and what may stand in their place.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <thread>

#include "input/text_file.h"

namespace twofour::input {
namespace {

using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

class TextFile : public ::testing::Test {
 public:
  ~TextFile() override { std::filesystem::remove_all(folder_); }

 protected:
  TextFile() {
    std::string name = (std::filesystem::temp_directory_path() / "twofour_input_XXXXXX").string();
    if (mkdtemp(name.data()) == nullptr) throw std::runtime_error("cannot make " + name);
    folder_ = name;
  }
  std::filesystem::path folder_;
};

TEST_F(TextFile, IsReadWhole) {
  const std::string text(200000, 'x');
  std::ofstream(folder_ / "file") << text;
  EXPECT_EQ(read_text_file(folder_ / "file"), text);
}

TEST_F(TextFile, MayBeAPipe) {
  ASSERT_EQ(mkfifo((folder_ / "pipe").c_str(), 0600), 0);
  std::jthread writer([&] { std::ofstream(folder_ / "pipe") << "text"; });
  EXPECT_EQ(read_text_file(folder_ / "pipe"), "text");
}

TEST_F(TextFile, WhatCannotBeReadIsNamed) {
  const auto refused = [](const std::filesystem::path& file, const char* why) {
    EXPECT_THAT(
        [&] { read_text_file(file, 1000); },
        ThrowsMessage<std::runtime_error>(HasSubstr(file.string() + ": cannot be read: " + why)));
  };
  refused(folder_, "Is a directory");
  refused(folder_ / "none", "No such file");
  refused("/dev/zero", "it has more than 1000 bytes");
}

}  // namespace
}  // namespace twofour::input
