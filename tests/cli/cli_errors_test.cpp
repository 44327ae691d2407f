// Wrong command lines: one clear line, exit code 2, and nothing done.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "cli_errors.h"
#include "program.h"

namespace twofour::cli {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;

class BadInvocation : public ::testing::TestWithParam<CliError> {};

TEST_P(BadInvocation, ExitsWith2AndWritesNothing) {
  const Folder folder;
  const Finished finished = run(folder, GetParam().arguments);
  EXPECT_EQ(finished.code, 2);
  EXPECT_EQ(finished.out, "");
  EXPECT_EQ(finished.err, "twofour: " + GetParam().message + "\nsee 'twofour --help'\n");
  EXPECT_THAT(folder.files(), IsEmpty());
}

INSTANTIATE_TEST_SUITE_P(Table, BadInvocation, ::testing::ValuesIn(kCliErrors));

/// What only the providers and devices of this build can tell.
void expect_refused(const std::vector<std::string>& arguments, const std::string& message_begin) {
  const Folder folder;
  const Finished finished = run(folder, quick_sweep(arguments));
  EXPECT_EQ(finished.code, 2) << finished.err;
  EXPECT_EQ(finished.out, "");
  EXPECT_THAT(finished.err, StartsWith("twofour: " + message_begin));
  EXPECT_THAT(folder.files(), IsEmpty());
}

TEST(BadSelection, AKernelThatNoProviderHas) {
  expect_refused({"--kernels", "no such kernel"}, "--kernels: 'no such kernel' matches no int8");
}

TEST(BadSelection, AProviderThatDoesNotExist) {
  const Folder folder;
  const Finished finished =
      run(folder, {"--dtype", "int8", "--device", "cpu", "--providers", "mkl", "model_bench"});
  EXPECT_EQ(finished.code, 2);
  EXPECT_THAT(finished.err,
              StartsWith("twofour: --providers: 'mkl' is not a provider; use one of "));
  EXPECT_THAT(folder.files(), IsEmpty());
}

TEST(BadSelection, AProviderOfAnotherDevice) {
  const Folder folder;
  const Finished finished =
      run(folder, {"--dtype", "int8", "--device", "cpu", "--providers", "cutlass", "model_bench"});
  EXPECT_EQ(finished.code, 2);
  EXPECT_THAT(finished.err, StartsWith("twofour: --providers: 'cutlass' "));
  EXPECT_THAT(folder.files(), IsEmpty());
}

TEST(BadInput, AResumeFileThatIsNoResultFile) {
  const Folder folder;
  const auto file = folder.path() / "broken.jsonl";
  std::ofstream(file) << "{\"this\": 1}\n";
  const Finished finished = run(folder, quick_sweep({"--resume", file.string()}));
  EXPECT_EQ(finished.code, 2);
  EXPECT_THAT(finished.err, HasSubstr("broken.jsonl"));
  EXPECT_EQ(read_file(file), "{\"this\": 1}\n");
}

TEST(BadInput, AResumeFileOfAnEarlierVersion) {
  const Folder folder;
  const auto file = folder.path() / "old.jsonl";
  const std::string text =
      lines_of(read_file(TWOFOUR_SOURCE_DIR "/results/h200/llama-fp8.jsonl")).front() + "\n";
  std::ofstream(file) << text;
  const Finished finished = run(folder, quick_sweep({"--resume", file.string()}));
  EXPECT_EQ(finished.code, 2);
  EXPECT_THAT(finished.err, HasSubstr("old.jsonl"));
  EXPECT_THAT(finished.err, HasSubstr("schema_version 1"));
  EXPECT_EQ(read_file(file), text);
}

TEST(BadInput, AMockConfigurationThatIsNone) {
  const Folder folder;
  const Finished finished = run(folder, quick_sweep(), "{\"dense_us\": \"quick\"}");
  EXPECT_EQ(finished.code, 1);
  EXPECT_THAT(finished.out, HasSubstr("TWOFOUR_MOCK: dense_us is \"quick\"; allowed: a number"));
}

}  // namespace
}  // namespace twofour::cli
