// What scripts/run makes of a command line without a mode, with the program's own commands.
#include "app/demonstration.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "app/commands.h"

namespace twofour::app {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::StartsWith;

using Texts = std::vector<std::string>;

Texts expanded(const Texts& arguments) { return with_demonstration(arguments, commands()); }

std::string refusal(const Texts& arguments) {
  try {
    expanded(arguments);
  } catch (const UsageError& error) {
    return error.what();
  }
  return "accepted";
}

TEST(Demonstration, StandsForNoArguments) {
  EXPECT_THAT(expanded({"--demo"}),
              ElementsAre("model_bench", "--dtype", "int8", "--max-time", "8", "--models",
                          "meta-llama/Llama-3-8b", "--batch-sizes", "1", "16", "128"));
}

TEST(Demonstration, KeepsOptions) {
  EXPECT_THAT(expanded({"--demo", "--output-dir", "results", "--quiet"}),
              ElementsAre("model_bench", "--output-dir", "results", "--quiet", "--dtype", "int8",
                          "--max-time", "8", "--models", "meta-llama/Llama-3-8b", "--batch-sizes",
                          "1", "16", "128"));
}

TEST(Demonstration, GivesWayToOptions) {
  EXPECT_THAT(expanded({"--max-time", "2", "--demo", "--dtype=bf16", "--batch-sizes", "4", "8"}),
              ElementsAre("model_bench", "--max-time", "2", "--dtype=bf16", "--batch-sizes", "4",
                          "8", "--models", "meta-llama/Llama-3-8b"));
}

TEST(Demonstration, LeavesTheModelsOfAFileAlone) {
  EXPECT_THAT(expanded({"--demo", "--models-file", "own.json"}),
              ElementsAre("model_bench", "--models-file", "own.json", "--dtype", "int8",
                          "--max-time", "8", "--batch-sizes", "1", "16", "128"));
}

TEST(Demonstration, IsNotForACommandLineWithAMode) {
  EXPECT_THAT(expanded({"--demo", "list"}), ElementsAre("list"));
  EXPECT_THAT(expanded({"--demo", "--output-dir", "x", "model_bench", "--dtype", "fp8"}),
              ElementsAre("--output-dir", "x", "model_bench", "--dtype", "fp8"));
}

TEST(Demonstration, IsNotForHelp) {
  EXPECT_THAT(expanded({"--demo", "--help"}), ElementsAre("--help"));
  EXPECT_THAT(expanded({"--demo", "--version"}), ElementsAre("--version"));
}

TEST(Demonstration, KnowsAModeFromAnOptionsValue) {
  EXPECT_THAT(expanded({"--demo", "--output-dir", "list"}).front(), "model_bench");
  EXPECT_THAT(expanded({"--demo", "--output-dir=list"}).front(), "model_bench");
  EXPECT_THAT(expanded({"--demo", "--output-dir", "list", "list"}),
              ElementsAre("--output-dir", "list", "list"));
}

TEST(Demonstration, LeavesTheArgumentsAloneWhereItIsNotAskedFor) {
  EXPECT_THAT(expanded({"--output-dir", "x"}), ElementsAre("--output-dir", "x"));
}

TEST(Demonstration, SaysWhatIsWrongWithWhatWasTyped) {
  EXPECT_THAT(refusal({"--demo", "modle_bench"}), StartsWith("MODE: 'modle_bench' is not one of"));
  EXPECT_THAT(refusal({"--demo", "--batch-szes", "1"}), HasSubstr("did you mean --batch-sizes?"));
  EXPECT_THAT(refusal({"--demo", "--dim-start", "128"}), HasSubstr("an option of square_bench"));
  EXPECT_THAT(refusal({"--demo", "--max-time", "1", "--max-time", "2"}),
              StartsWith("--max-time: is given 2 times"));
}

}  // namespace
}  // namespace twofour::app
