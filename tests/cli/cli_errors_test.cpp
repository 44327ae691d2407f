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
      lines_of(read_file(TWOFOUR_SOURCE_DIR "/tests/support/version1/llama-fp8.jsonl")).front() +
      "\n";
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
  EXPECT_EQ(finished.code, 2);
  EXPECT_THAT(finished.err,
              StartsWith("twofour: TWOFOUR_MOCK: dense_us is \"quick\"; allowed: a number"));
  EXPECT_THAT(folder.files(), IsEmpty());
}

TEST(BadInput, AnInstructionSetThatIsNone) {
  const Folder folder;
  const Finished finished = run_line(folder, "export TWOFOUR_ISA=mmx; twofour list");
  EXPECT_EQ(finished.code, 2);
  EXPECT_EQ(finished.err,
            "twofour: TWOFOUR_ISA: 'mmx' is not an instruction set; use one of portable, avx2, "
            "avx512, avx512_bf16, amx\n");
}

/// What stands in a --models-file, and what is said of it.
struct BadModels {
  std::string text;
  std::string message;
};
/// A test is called by it.
void PrintTo(const BadModels& models, std::ostream* stream) { *stream << models.message; }

class BadModelsFile : public ::testing::TestWithParam<BadModels> {};

TEST_P(BadModelsFile, IsOneLineAndExitCode2) {
  const Folder folder;
  const auto file = folder.path() / "models.json";
  std::ofstream(file, std::ios::binary) << GetParam().text;
  const Finished finished = run(folder, {"--models-file", file.string(), "list"});
  EXPECT_EQ(finished.code, 2);
  EXPECT_EQ(finished.out, "");
  EXPECT_THAT(finished.err,
              StartsWith("twofour: --models-file: " + file.string() + ": " + GetParam().message));
  EXPECT_EQ(lines_of(finished.err).size(), 2U) << finished.err;
  EXPECT_LT(finished.err.size(), 1000U);
}

std::string one_layer(const std::string& k) {
  return R"({"models": [{"name": "a", "source": "s", "layers": [{"name": "x", "n": 1, "split": "n", "k": )" +
         k + "}]}]}";
}

INSTANTIATE_TEST_SUITE_P(
    Kinds, BadModelsFile,
    ::testing::Values(
        BadModels{"", "not JSON: "}, BadModels{one_layer("1e400"), "not JSON: "},
        BadModels{one_layer("NaN"), "not JSON: "},
        BadModels{one_layer("0"), "models[0].layers[0].k is 0; allowed: "},
        BadModels{one_layer("-1"), "models[0].layers[0].k is -1; allowed: "},
        BadModels{one_layer("1.5"), "models[0].layers[0].k is 1.5; allowed: "},
        BadModels{one_layer("18446744073709551615"),
                  "models[0].layers[0].k is 18446744073709551615; allowed: "},
        BadModels{one_layer("[[[\"\\n\"]]]"), "models[0].layers[0].k is [[["},
        BadModels{one_layer("1, \"k\": 2"), "an object has the member \"k\" twice"},
        BadModels{std::string("{\"models\": []}\0{}", 18), "not JSON: it holds a NUL"},
        BadModels{"{\"models\": \"\xff\xfe\"}", "not JSON: "},
        BadModels{"{\"models\": " + std::string(1000000, '['),
                  "it is nested more than 64 levels deep"},
        BadModels{"{\"models\": \"" + std::string(1000000, 'x') + "\"}", "models is \"xxx"}));

}  // namespace
}  // namespace twofour::cli
