// The parser with commands of its own: what `report FILE...` and `compare OLD NEW` would be.
#include "app/command.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "app/commands.h"

namespace twofour::app {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr WordSet kFirstWord = 1;

const std::vector<Command>& test_commands() {
  static const std::vector<Command> table{
      {.words = {{"measure", "a command without positional arguments"}},
       .options =
           {{.name = "--format", .value = "F", .words = kAnywhere, .allowed = "table or csv"},
            {.name = "--only",
             .value = "NAME...",
             .arity = Arity::kList,
             .words = kAnywhere,
             .allowed = "a name"}}},
      {.words = {{"report", "a command of any number of files"}},
       .options = {{.name = "--format", .value = "F", .words = kFirstWord, .allowed = "html or md"},
                   {.name = "--wide", .arity = Arity::kFlag, .words = kFirstWord}},
       .positionals = {"FILE...", 1, 1000, "at least one .jsonl file"}},
      {.words = {{"compare", "a command of two files"}},
       .options = {{.name = "--on",
                    .value = "WHAT",
                    .words = kFirstWord,
                    .required_by = kFirstWord,
                    .allowed = "time or ratio"}},
       .positionals = {"OLD NEW", 2, 2, "two .jsonl files"}},
  };
  return table;
}

CommandLine parse(const std::vector<const char*>& arguments) {
  std::vector<const char*> argv{"twofour"};
  argv.insert(argv.end(), arguments.begin(), arguments.end());
  return parse_command_line(static_cast<int>(argv.size()), argv.data(), test_commands());
}

std::string refusal(const std::vector<const char*>& arguments) {
  try {
    parse(arguments);
  } catch (const UsageError& error) {
    return error.what();
  }
  return "accepted";
}

TEST(CommandLine, PositionalArgumentsFollowTheWord) {
  const CommandLine line = parse({"report", "a.jsonl", "--wide", "b.jsonl", "c.jsonl"});
  EXPECT_EQ(line.command, &test_commands()[1]);
  EXPECT_THAT(line.positionals, ElementsAre("a.jsonl", "b.jsonl", "c.jsonl"));
  ASSERT_EQ(line.options.size(), 1U);
  EXPECT_EQ(line.options[0].name, "--wide");
  EXPECT_THAT(line.options[0].values, IsEmpty());
}

TEST(CommandLine, AfterTwoDashesAnythingIsPositional) {
  const CommandLine line = parse({"report", "--", "--wide", "-"});
  EXPECT_THAT(line.positionals, ElementsAre("--wide", "-"));
  EXPECT_THAT(line.options, IsEmpty());
}

TEST(CommandLine, KeepsTheArgumentsAsTheyWereTyped) {
  const CommandLine line = parse({"report", "--format=html", "a.jsonl"});
  EXPECT_THAT(line.arguments, ElementsAre("report", "--format=html", "a.jsonl"));
}

TEST(CommandLine, TooFewPositionalArguments) {
  EXPECT_EQ(refusal({"report"}), "FILE...: is missing; report takes at least one .jsonl file");
  EXPECT_EQ(refusal({"compare", "--on", "time"}),
            "OLD NEW: is missing; compare takes two .jsonl files");
  EXPECT_EQ(refusal({"compare", "a.jsonl", "--on", "time"}),
            "OLD NEW: only 'a.jsonl' is given; compare takes two .jsonl files");
}

TEST(CommandLine, TooManyPositionalArguments) {
  EXPECT_EQ(refusal({"compare", "--on", "time", "a.jsonl", "b.jsonl", "c.jsonl", "d.jsonl"}),
            "'c.jsonl': unexpected after compare OLD NEW; it takes two .jsonl files");
  EXPECT_EQ(refusal({"measure", "a.jsonl"}),
            "'a.jsonl': unexpected after mode measure; give lists as --option A B");
  EXPECT_EQ(refusal({"a.jsonl", "report", "b.jsonl"}),
            "'a.jsonl': unexpected before report; give FILE... after it");
}

TEST(CommandLine, CommandsHaveOptionsOfOneNameEachItsOwn) {
  const CommandLine measure = parse({"--format", "csv", "measure"});
  EXPECT_EQ(measure.options[0].name, "--format");
  EXPECT_THAT(measure.options[0].values, ElementsAre("csv"));
  const CommandLine report = parse({"report", "a.jsonl", "--format", "html"});
  EXPECT_THAT(report.options[0].values, ElementsAre("html"));
  EXPECT_EQ(refusal({"report", "a.jsonl", "--format"}),
            "--format: has no value; it takes html or md");
  EXPECT_EQ(refusal({"measure", "--format"}), "--format: has no value; it takes table or csv");
}

TEST(CommandLine, AnOptionOfAnotherCommandIsRefused) {
  EXPECT_EQ(refusal({"report", "a.jsonl", "--only", "x"}), "--only: is not an option of report");
  EXPECT_EQ(refusal({"--format", "html", "report", "a.jsonl"}),
            "--format: is an option of report, to be given after the mode");
  EXPECT_EQ(refusal({"measure", "--on", "time"}),
            "--on: is an option of compare, to be given after the mode");
  EXPECT_EQ(refusal({"measure", "--wid"}), "--wid: is not an option; did you mean --wide?");
}

TEST(CommandLine, ARequiredOptionIsNamed) {
  EXPECT_EQ(refusal({"compare", "a.jsonl", "b.jsonl"}),
            "--on: is missing; mode compare needs time or ratio");
}

TEST(CommandLine, OneWordAndOnlyOne) {
  EXPECT_EQ(refusal({}), "MODE: is missing; give one of measure, report, compare");
  EXPECT_EQ(refusal({"explain"}), "MODE: 'explain' is not one of measure, report, compare");
  EXPECT_EQ(refusal({"measure", "report"}),
            "MODE: measure and report are given; give one of measure, report, compare");
}

TEST(CommandHelp, ShowsEveryWordOptionAndPositionalArgument) {
  const std::string text = help_text(test_commands());
  EXPECT_THAT(text, HasSubstr("\n       twofour report FILE... [options]\n"
                              "       twofour compare OLD NEW [options]\n"));
  EXPECT_THAT(text, HasSubstr("\n  compare         a command of two files\n"));
  EXPECT_THAT(text, HasSubstr("\nOptions of report:\n  --format F"));
  EXPECT_THAT(text, HasSubstr("\nOptions of compare, all needed:\n  --on WHAT"));
}

/// What the parser relies on in a table.
TEST(Commands, HaveDistinctWordsAndAgreeOnOptionsThatMayStandAnywhere) {
  std::vector<std::string_view> words;
  for (const Command& command : commands()) {
    EXPECT_NE(command.run, nullptr);
    for (const CommandWord& word : command.words) {
      EXPECT_EQ(std::count(words.begin(), words.end(), word.name), 0) << word.name;
      words.push_back(word.name);
    }
    for (const OptionSpec& option : command.options) {
      EXPECT_TRUE(option.name.starts_with("--")) << option.name;
      for (const Command& other : commands()) {
        for (const OptionSpec& same : other.options) {
          if (same.name != option.name) continue;
          EXPECT_EQ(same.arity, option.arity) << option.name;
        }
      }
    }
  }
}

}  // namespace
}  // namespace twofour::app
