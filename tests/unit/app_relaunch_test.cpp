#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "app/relaunch.h"

namespace twofour::app {
namespace {

using ::testing::ElementsAre;

TEST(Relaunch, ResumesFromTheFileOfThisRun) {
  EXPECT_THAT(resuming_arguments({"--dtype", "int8", "model_bench"}, "a/b.jsonl"),
              ElementsAre("--dtype", "int8", "model_bench", "--resume", "a/b.jsonl"));
}

TEST(Relaunch, ReplacesAnEarlierResumeInEitherSpelling) {
  EXPECT_THAT(
      resuming_arguments({"--resume", "old.jsonl", "--dtype", "int8", "model_bench"}, "new.jsonl"),
      ElementsAre("--dtype", "int8", "model_bench", "--resume", "new.jsonl"));
  EXPECT_THAT(resuming_arguments({"--dtype", "int8", "--resume=old.jsonl", "list"}, "new.jsonl"),
              ElementsAre("--dtype", "int8", "list", "--resume", "new.jsonl"));
}

TEST(Relaunch, KeepsTheArgumentsItWasStartedWith) {
  const Relaunch relaunch({"--seed", "3", "list"});
  EXPECT_THAT(relaunch.arguments(), ElementsAre("--seed", "3", "list"));
}

}  // namespace
}  // namespace twofour::app
