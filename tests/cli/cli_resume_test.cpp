// A run that goes on: where it began, elsewhere, and without the files that it was given.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>

#include "program.h"
#include "report/report.h"

namespace twofour::cli {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::StartsWith;

constexpr std::size_t kRows = 15;  // of the quick sweep
constexpr std::size_t kRowsOfACase = 5;

/// The .jsonl of a quick sweep, cut off after its first case, with what `change` makes of it.
class CutRun : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_EQ(cli::run(folder, quick_sweep()).code, 0);
    jsonl = folder.only(".jsonl");
    const auto lines = lines_of(read_file(jsonl));
    environment = report::parse_environment_json(lines.front());
    for (std::size_t i = 1; i <= kRowsOfACase; ++i) {
      records.push_back(report::parse_record_json(lines[i]));
    }
    write();
  }
  void write() const {
    std::ofstream stream(jsonl);
    stream << report::environment_json(environment) << '\n';
    for (const Record& record : records) stream << report::record_json(record) << '\n';
  }
  [[nodiscard]] Finished resume(std::vector<std::string> more = {}) const {
    more.insert(more.end(), {"--resume", jsonl.string()});
    return run(folder, quick_sweep(more));
  }

  Folder folder;
  std::filesystem::path jsonl;
  Environment environment;
  std::vector<Record> records;
};

TEST_F(CutRun, GoesOnWhereItBegan) {
  const Finished finished = resume({"--quiet", "--format", "csv", "--case-timeout", "60"});
  EXPECT_EQ(finished.code, 0) << finished.err;
  EXPECT_EQ(read_results(jsonl).records.size(), kRows);
}

TEST_F(CutRun, GoesOnNowhereElse) {
  environment.device.id.name = "another processor";
  environment.device.id.uuid = "GPU-1";
  environment.device.threads = 77;
  environment.device.details["driver"] = "550.1";
  environment.device.details["power_limit_w"] = "350";
  environment.git_commit = "abc";
  environment.compiler = "GNU 99";
  environment.seed = 3;
  environment.libraries.emplace_back("onednn", "1.0");
  write();
  const std::string before = read_file(jsonl);
  const Finished finished = resume();
  EXPECT_EQ(finished.code, 2);
  EXPECT_THAT(
      finished.err,
      AllOf(HasSubstr("device: another processor then, "),
            HasSubstr("device's UUID: GPU-1 then, none now"), HasSubstr("threads: 77 then, 1 now"),
            HasSubstr("driver: 550.1 then, none now"),
            HasSubstr("power limit in W: 350 then, none now"), HasSubstr("commit: abc then, "),
            HasSubstr("compiler: GNU 99 then, "), HasSubstr("seed: 3 then, 0 now"),
            HasSubstr("onednn: 1.0 then, none now"), HasSubstr("--resume-anyway goes on")));
  EXPECT_EQ(lines_of(finished.err).size(), 2U) << finished.err;
  EXPECT_EQ(read_file(jsonl), before);
}

TEST_F(CutRun, ComparesTheCommandLineButForOutput) {
  const Finished finished =
      run(folder, {"--dtype=int8", "--device",    "cpu",          "--providers",  "mock",
                   "--threads",    "1",           "--precision",  "0.3",          "--max-time",
                   "0.7",          "--resume",    jsonl.string(), "square_bench", "--dim-increment",
                   "16",           "--dim-start", "16",           "--dim-end",    "64"});
  EXPECT_EQ(finished.code, 2);
  EXPECT_THAT(finished.err, AllOf(HasSubstr("--max-time: 0.5 then, 0.7 now"),
                                  HasSubstr("--dim-end: 48 then, 64 now"),
                                  Not(HasSubstr("--dtype:")), Not(HasSubstr("--output-dir"))));
}

TEST_F(CutRun, ComparesTheInstructionSetThatWasAskedFor) {
  std::string line = "export TWOFOUR_ISA=portable; twofour";
  for (const std::string& word : quick_sweep({"--resume", jsonl.string()})) line += " " + word;
  const Finished finished = run_line(folder, line);
  EXPECT_EQ(finished.code, 2);
  EXPECT_THAT(finished.err, HasSubstr("TWOFOUR_ISA: none then, portable now"));
}

TEST_F(CutRun, AnywayHasASecondEnvironment) {
  environment.git_commit = "abc";
  write();
  const std::string before = read_file(jsonl);
  const Finished finished = resume({"--resume-anyway"});
  EXPECT_EQ(finished.code, 0) << finished.err;
  const std::string after = read_file(jsonl);
  EXPECT_THAT(after, StartsWith(before));
  const auto runs = report::parse_runs("file", after);
  ASSERT_EQ(runs.size(), 2U);
  EXPECT_EQ(runs[0].records.size(), kRowsOfACase);
  EXPECT_EQ(runs[1].records.size(), kRows - kRowsOfACase);
  EXPECT_NE(runs[1].environment.git_commit, "abc");
  EXPECT_THAT(finished.out, HasSubstr("MKN=(48x48x48)"));
  // Gone on with once more, it is the second one that counts.
  EXPECT_EQ(resume({"--resume-anyway"}).code, 0);
  EXPECT_EQ(read_file(jsonl), after);
}

TEST_F(CutRun, ARoofThatWasRaisedHoldsOnThisMachine) {
  constexpr double kRaised = 1e18;
  records.back().read_roof_bytes_per_s = kRaised;
  write();
  EXPECT_EQ(resume().code, 0);
  EXPECT_EQ(read_results(jsonl).records.back().read_roof_bytes_per_s, kRaised);
}

TEST_F(CutRun, ARoofThatWasRaisedHoldsOnNoOtherMachine) {
  records.back().read_roof_bytes_per_s = 1e18;
  environment.device.id.name = "another processor";
  write();
  EXPECT_EQ(resume({"--resume-anyway"}).code, 0);
  const auto runs = report::parse_runs("file", read_file(jsonl));
  ASSERT_EQ(runs.size(), 2U);
  EXPECT_LT(runs[1].records.back().read_roof_bytes_per_s, 1e17);
}

TEST_F(CutRun, OtherCasesAreRefusedAnyway) {
  const Finished finished =
      run(folder, {"--dtype", "int8", "--device", "cpu", "--providers", "mock", "--threads", "1",
                   "--resume", jsonl.string(), "--resume-anyway", "square_bench", "--dim-increment",
                   "16", "--dim-start", "32", "--dim-end", "64"});
  EXPECT_EQ(finished.code, 2);
  EXPECT_THAT(finished.err, HasSubstr("--resume: result 1 of the file belongs to another"));
}

TEST(Inputs, ThatAreGoneWhenANewProcessStartsWereReadBefore) {
  const Folder folder;
  const auto models = folder.path() / "models.json";
  std::ofstream(models) << R"({"models": [{"name": "tiny", "source": "a test", "layers": [
      {"name": "qkv", "k": 16, "n": 24, "split": "n"}, {"name": "o", "k": 16, "n": 32, "split": "k"}]}]})";
  const Finished finished = run(
      folder,
      {"--dtype", "int8", "--providers", "mock", "--device", "cpu", "--threads", "1", "--max-time",
       "0.3", "--precision", "0.3", "model_bench", "--models-file", models.string(),
       "--batch-sizes", "2", "32"},
      R"({"fault": {"kind": "crash_segv", "kernel": "i8.*sparse_mm$", "case_m": 32}})",
      once_after_rows(folder, 1, [&](pid_t) { std::ofstream(models) << "no models any more"; }));
  EXPECT_EQ(finished.code, 1) << finished.err;
  const auto records = read_results(folder.only(".jsonl")).records;
  EXPECT_EQ(records.size(), 4 * kRowsOfACase);
  EXPECT_EQ(std::count_if(records.begin(), records.end(),
                          [](const Record& r) { return r.outcome.reason == "ended by SIGSEGV"; }),
            2);
}

TEST(Resume, SeesThatTheFileOfTheModelsHasChanged) {
  const Folder folder;
  const auto write = [&](int layers) {
    std::ofstream(folder.path() / "c.json") << fmt::format(
        R"({{"model_type": "llama", "hidden_size": 16, "num_hidden_layers": {},
            "intermediate_size": 16, "num_attention_heads": 4, "vocab_size": 100}})",
        layers);
  };
  const auto measure = [&](std::vector<std::string> more) {
    std::vector<std::string> words{
        "--dtype",     "int8",           "--providers", "mock",          "--device",
        "cpu",         "--max-time",     "0.2",         "--precision",   "0.5",
        "model_bench", "--model-config", "c.json",      "--batch-sizes", "2"};
    words.insert(words.end(), more.begin(), more.end());
    return run(folder, words);
  };
  write(2);
  const Finished first = measure({});
  ASSERT_EQ(first.code, 0) << first.err;
  EXPECT_THAT(first.err, HasSubstr("are in layers that are measured"));
  const std::string jsonl = folder.only(".jsonl").string();
  const Results results = read_results(jsonl);
  EXPECT_EQ(results.environment.cases.size(), 16U);
  EXPECT_EQ(results.records.front().calls, 2);
  EXPECT_EQ(results.records.front().tokens, 2);
  EXPECT_EQ(measure({"--resume", jsonl}).code, 0);
  write(3);
  const Finished refused = measure({"--resume", jsonl});
  EXPECT_EQ(refused.code, 2);
  EXPECT_THAT(refused.err, HasSubstr("fingerprint of the models' layers: "));
}

}  // namespace
}  // namespace twofour::cli
