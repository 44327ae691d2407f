// Every wrong command line and its exact message.
#include <gtest/gtest.h>

#include "app/commands.h"
#include "app/options_table.h"
#include "cli_errors.h"

namespace twofour::app {
namespace {

class BadCommandLine : public ::testing::TestWithParam<CliError> {};

TEST_P(BadCommandLine, IsRefusedWithOneClearLine) {
  std::vector<std::string> words{"twofour"};
  words.insert(words.end(), GetParam().arguments.begin(), GetParam().arguments.end());
  std::vector<const char*> argv;
  argv.reserve(words.size());
  for (const std::string& word : words) argv.push_back(word.c_str());
  try {
    const CommandLine line =
        parse_command_line(static_cast<int>(argv.size()), argv.data(), commands());
    if (line.command == &commands()[0]) {
      bench_options(line);
    } else {
      apply_options(line);
    }
    ADD_FAILURE() << "accepted";
  } catch (const UsageError& error) {
    EXPECT_EQ(error.what(), GetParam().message);
  }
}

INSTANTIATE_TEST_SUITE_P(Table, BadCommandLine, ::testing::ValuesIn(kCliErrors));

}  // namespace
}  // namespace twofour::app
