// --help and docs/command-line.md must be true and complete.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "program.h"

namespace twofour::cli {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr std::string_view kExample = "  twofour ";

std::vector<std::string> help_lines() {
  const Folder folder;
  return lines_of(run(folder, {"--help"}).out);
}

TEST(Help, EachExampleIsACommandLineThatWorks) {
  int examples = 0;
  for (const std::string& line : help_lines()) {
    if (!line.starts_with(kExample)) continue;
    ++examples;
    const Folder folder;
    const Finished finished = run_line(folder, "twofour --dry-run " + line.substr(kExample.size()));
    EXPECT_EQ(finished.code, 0) << line << "\n" << finished.err;
    EXPECT_NE(finished.out, "") << line;
    EXPECT_THAT(folder.files(), IsEmpty());
  }
  EXPECT_GE(examples, 5);
}

TEST(Help, IsAtMost100ColumnsWideSaveForExamples) {
  for (const std::string& line : help_lines()) {
    if (line.starts_with(kExample)) continue;
    EXPECT_LE(line.size(), 100U) << line;
  }
}

TEST(Docs, DescribeEveryOption) {
  const std::string page = read_file(TWOFOUR_SOURCE_DIR "/docs/command-line.md");
  int options = 0;
  for (const std::string& line : help_lines()) {
    if (!line.starts_with("  --") && !line.starts_with("  -h")) continue;
    const auto begin = line.find("--");
    const std::string name = line.substr(begin, line.find(' ', begin) - begin);
    EXPECT_THAT(page, HasSubstr("`" + name)) << "docs/command-line.md lacks " << name;
    ++options;
  }
  EXPECT_GE(options, 25);
}

TEST(Version, SaysWhatWasBuilt) {
  const Folder folder;
  const Finished finished = run(folder, {"--version"});
  EXPECT_EQ(finished.code, 0);
  EXPECT_THAT(finished.out, ::testing::MatchesRegex("twofour [0-9.]+ \\(.+\\)\n"));
}

}  // namespace
}  // namespace twofour::cli
