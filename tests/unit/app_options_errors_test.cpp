// Every wrong command line and its exact message.
#include <gtest/gtest.h>

#include "app/options.h"
#include "cli_errors.h"

namespace twofour::app {
namespace {

class BadCommandLine : public ::testing::TestWithParam<CliError> {};

TEST_P(BadCommandLine, IsRefusedWithOneClearLine) {
  std::vector<std::string> words = GetParam().arguments;
  words.insert(words.begin(), "twofour");
  std::vector<const char*> argv;
  argv.reserve(words.size());
  for (const std::string& word : words) argv.push_back(word.c_str());
  const auto result = parse_options(static_cast<int>(argv.size()), argv.data());
  ASSERT_TRUE(std::holds_alternative<ExitRequest>(result)) << "accepted";
  const auto& request = std::get<ExitRequest>(result);
  EXPECT_EQ(request.code, 2);
  EXPECT_EQ(request.to_stdout, "");
  EXPECT_EQ(request.to_stderr, "twofour: " + GetParam().message + "\nsee 'twofour --help'\n");
}

INSTANTIATE_TEST_SUITE_P(Table, BadCommandLine, ::testing::ValuesIn(kCliErrors));

}  // namespace
}  // namespace twofour::app
