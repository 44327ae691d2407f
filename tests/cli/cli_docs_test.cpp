// --help and docs/command-line.md must be true and complete.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <regex>
#include <set>

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

/// The first groups of all matches of `pattern` in `text`.
std::set<std::string> matches(const std::string& text, const std::string& pattern) {
  std::set<std::string> found;
  const std::regex regex(pattern);
  for (auto match = std::sregex_iterator(text.begin(), text.end(), regex);
       match != std::sregex_iterator(); ++match) {
    found.insert((*match)[1]);
  }
  return found;
}

/// The environment variables that the sources name: ours wherever they stand in quotes, others
/// where they are asked for.
std::set<std::string> variables_of_the_sources() {
  std::set<std::string> names;
  for (const auto& entry :
       std::filesystem::recursive_directory_iterator(TWOFOUR_SOURCE_DIR "/src")) {
    if (entry.path().extension() != ".cpp" && entry.path().extension() != ".h") continue;
    const std::string text = read_file(entry.path());
    names.merge(matches(text, R"re("(TWOFOUR_[A-Z_]+)")re"));
    names.merge(matches(text, R"re((?:getenv|environment)\("([A-Z_]+)"\))re"));
  }
  return names;
}

TEST(Docs, DescribeTheEnvironmentVariablesThatThereAreAndNoOthers) {
  const std::string page = read_file(TWOFOUR_SOURCE_DIR "/docs/command-line.md");
  const auto begin = page.find("\n## Environment variables\n");
  ASSERT_NE(begin, std::string::npos);
  std::set<std::string> described;
  for (const std::string& line : lines_of(page.substr(begin))) {
    const std::string cell = line.substr(0, line.find('|', 1));
    if (line.starts_with("| `")) described.merge(matches(cell, "`([A-Z_]+)`"));
  }
  EXPECT_EQ(described, variables_of_the_sources());
}

TEST(Version, SaysWhatWasBuilt) {
  const Folder folder;
  const Finished finished = run(folder, {"--version"});
  EXPECT_EQ(finished.code, 0);
  EXPECT_THAT(finished.out, ::testing::MatchesRegex("twofour [0-9.]+ \\(.+\\)\n"));
}

}  // namespace
}  // namespace twofour::cli
