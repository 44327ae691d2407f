// What a run prints and which files it leaves.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <set>

#include "program.h"
#include "report/report.h"

namespace twofour::cli {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::MatchesRegex;
using ::testing::StartsWith;

TEST(Output, LeavesThreeFilesNamedAsSparseBenchmarksDid) {
  const Folder folder;
  ASSERT_EQ(run(folder, quick_sweep({"--output-dir", "made/here"})).code, 0);
  std::set<std::string> extensions;
  std::set<std::string> stems;
  for (const auto& entry : std::filesystem::directory_iterator(folder.path() / "made/here")) {
    extensions.insert(entry.path().extension());
    stems.insert(entry.path().stem());
  }
  EXPECT_THAT(extensions, ElementsAre(".csv", ".jsonl", ".pkl"));
  ASSERT_EQ(stems.size(), 1U);
  EXPECT_THAT(*stems.begin(), MatchesRegex("square_bench-torch\\.int8-[0-9]+"));
}

TEST(Output, TheFirstLineOfTheJsonlIsTheEnvironment) {
  const Folder folder;
  const auto arguments = quick_sweep({"--seed", "7"});
  ASSERT_EQ(run(folder, arguments).code, 0);
  const Results results = read_results(folder.only(".jsonl"));
  EXPECT_EQ(results.environment.seed, 7U);
  ASSERT_EQ(results.environment.argv.size(), arguments.size() + 1);
  EXPECT_EQ(results.environment.argv.back(), arguments.back());
  EXPECT_EQ(results.environment.device.id.kind, DeviceKind::kCpu);
  EXPECT_NE(results.environment.operand_distribution, "");
  std::set<std::int64_t> sizes;
  for (const Record& record : results.records) {
    EXPECT_EQ(record.mode, BenchMode::kSquare);
    EXPECT_EQ(record.seed, 7U);
    sizes.insert(record.problem.shape.m);
  }
  EXPECT_THAT(sizes, ElementsAre(16, 32, 48));
}

TEST(Output, RangeBenchExcludesItsEnd) {
  const Folder folder;
  ASSERT_EQ(run(folder, {"--dtype", "fp8", "--providers", "mock", "--device", "cpu", "--precision",
                         "0.5", "--max-time", "0.2", "range_bench", "--dim-start", "8", "--dim-end",
                         "24", "--dim-increment", "8", "--k-constant", "32"})
                .code,
            0);
  std::set<std::string> shapes;
  for (const Record& record : read_results(folder.only(".jsonl")).records) {
    shapes.insert(mkn(record.problem.shape));
  }
  EXPECT_THAT(shapes, ElementsAre("16x32x16", "8x32x8"));
  EXPECT_THAT(folder.only(".jsonl").filename().string(),
              StartsWith("range_bench-torch.float8_e4m3fn-"));
}

TEST(Output, TheTableHasABlockForEachCaseAndAllOfThemAgain) {
  const Folder folder;
  const Finished finished = run(folder, quick_sweep());
  ASSERT_EQ(finished.code, 0);
  EXPECT_THAT(
      finished.out,
      AllOf(HasSubstr("scaled-torch.int8-gemm"), HasSubstr("MKN=(16x16x16)"),
            HasSubstr("MKN=(48x48x48)"), HasSubstr("mock_i8_i8_bf16_scaled_sparse_mm_bias"),
            HasSubstr("mock_bf16_bf16_bf16_matmul-no-scales"), HasSubstr("== All Results ")));
  const auto last = finished.out.rfind("MKN=(16x16x16)");
  EXPECT_LT(finished.out.find("MKN=(16x16x16)"), last);
  EXPECT_LT(finished.out.find("== All Results "), last);
}

TEST(Output, ModelBenchHasATableForEachModelAndSplit) {
  const Folder folder;
  std::ofstream(folder.path() / "m.json") << R"({"models": [{"name": "tiny", "source": "a test",
      "layers": [{"name": "qkv", "k": 16, "n": 32, "split": "n"}]}]})";
  const Finished finished =
      run(folder, {"--dtype", "int8", "--providers", "mock", "--device", "cpu", "--max-time", "0.2",
                   "--precision", "0.5", "model_bench", "--models-file", "m.json", "--batch-sizes",
                   "2", "--tp-sizes", "1", "2"});
  ASSERT_EQ(finished.code, 0) << finished.err;
  EXPECT_THAT(finished.out, HasSubstr("tiny"));
  EXPECT_THAT(finished.out, HasSubstr("qkv"));
  int tables = 0;
  for (const std::string& line : lines_of(finished.out)) {
    if (line.starts_with("== Results ")) ++tables;
  }
  EXPECT_EQ(tables, 2);
}

TEST(Output, JsonlOnStdoutIsTheFile) {
  const Folder folder;
  const Finished finished = run(folder, quick_sweep({"--format", "jsonl"}));
  ASSERT_EQ(finished.code, 0);
  EXPECT_EQ(finished.out, read_file(folder.only(".jsonl")));
}

TEST(Output, CsvOnStdoutHasOneHeaderAndARowForEachRecord) {
  const Folder folder;
  const Finished finished = run(folder, quick_sweep({"--format", "csv"}));
  ASSERT_EQ(finished.code, 0);
  EXPECT_EQ(finished.out, read_file(folder.only(".csv")));
  EXPECT_EQ(lines_of(finished.out).size(), 1U + 15U) << "too few for a control";
}

TEST(Output, MarkdownOnStdoutIsTables) {
  const Folder folder;
  const Finished finished = run(folder, quick_sweep({"--format", "md"}));
  ASSERT_EQ(finished.code, 0);
  EXPECT_THAT(finished.out, HasSubstr("| mock_i8_i8_bf16_scaled_mm |"));
}

TEST(Output, QuietLeavesStderrEmpty) {
  const Folder folder;
  EXPECT_EQ(run(folder, quick_sweep({"--quiet"})).err, "");
}

TEST(Output, BothCacheStatesAreRowsOfTheirOwn) {
  const Folder folder;
  ASSERT_EQ(run(folder, quick_sweep({"--cache", "both"})).code, 0);
  int cold = 0;
  int hot = 0;
  for (const Record& record : read_results(folder.only(".jsonl")).records) {
    ++(record.cache.mode == CacheMode::kCold ? cold : hot);
  }
  EXPECT_EQ(cold, 15);
  EXPECT_EQ(hot, 15);
}

TEST(Output, ThePageOfARunIsWhatReportMakesOfItsFile) {
  const Folder folder;
  const Finished finished = run(folder, quick_sweep({"--html", "page.html"}));
  ASSERT_EQ(finished.code, 0) << finished.err;
  EXPECT_THAT(finished.err, HasSubstr("; page: page.html"));
  const std::string page = read_file(folder.path() / "page.html");
  EXPECT_THAT(page, AllOf(StartsWith("<!DOCTYPE html>"), HasSubstr("Does 2:4 pay off here?")));
  const std::string jsonl = folder.only(".jsonl").filename();
  ASSERT_EQ(run(folder, {"report", jsonl, "--format", "html", "--output", "again.html"}).code, 0);
  EXPECT_EQ(read_file(folder.path() / "again.html"), page);
}

TEST(Output, APageThatCannotBeWrittenCostsNothingElse) {
  const Folder folder;
  const Finished finished = run(folder, quick_sweep({"--html", "/dev/full"}));
  EXPECT_EQ(finished.code, 1);
  EXPECT_THAT(finished.err, HasSubstr("cannot write '/dev/full': No space left on device"));
  EXPECT_THAT(finished.out, HasSubstr("== All Results "));
  EXPECT_FALSE(read_file(folder.only(".pkl")).empty());
}

TEST(Output, ThePageOfARunThatWentOnHasAllRows) {
  const Folder folder;
  ASSERT_EQ(run(folder, quick_sweep()).code, 0);
  const std::filesystem::path jsonl = folder.only(".jsonl");
  std::string text;  // of the first case
  for (const std::string& line : lines_of(read_file(jsonl))) {
    if (line.find("\"case_index\":1") != std::string::npos) break;
    text += line + "\n";
  }
  std::ofstream(jsonl) << text;
  const Finished finished =
      run(folder, quick_sweep({"--resume", jsonl.string(), "--html", "page.html"}));
  ASSERT_EQ(finished.code, 0) << finished.err;
  const std::string page = read_file(folder.path() / "page.html");
  const Results results = read_results(jsonl);
  const std::size_t rows = results.records.size() + results.controls.size();
  EXPECT_THAT(page, HasSubstr("<tr id=\"r" + std::to_string(rows - 1) + "\">"));
  EXPECT_THAT(page, ::testing::Not(HasSubstr("<tr id=\"r" + std::to_string(rows) + "\">")));
}

TEST(DryRun, SaysWhatWouldRunAndRunsNothing) {
  const Folder folder;
  const Finished finished = run(folder, quick_sweep({"--dry-run", "--seed", "3"}));
  EXPECT_EQ(finished.code, 0);
  EXPECT_THAT(folder.files(), IsEmpty());
  EXPECT_THAT(finished.out, HasSubstr("MKN=(32x32x32)"));
  EXPECT_THAT(finished.out, HasSubstr(" MiB"));
  EXPECT_THAT(finished.out,
              HasSubstr("repro: twofour --dtype int8 --device cpu --providers mock --precision 0.3 "
                        "--max-time 0.5 --threads 1 --seed 3 range_bench --dim-start 1 --dim-end 2 "
                        "--dim-increment 1 --m-constant 48 --k-constant 48 --n-constant 48\n"));
}

TEST(DryRun, ItsReproLineRunsThatCase) {
  const Folder folder;
  const Finished dry =
      run(folder, quick_sweep({"--dry-run", "--seed", "3", "--kernels", "scaled_(mm|sparse_mm)$"}));
  std::string repro;
  for (const std::string& line : lines_of(dry.out)) {
    const auto begin = line.find("repro: ");
    if (begin != std::string::npos) repro = line.substr(begin + 7);
  }
  const Finished finished = run_line(folder, repro);
  EXPECT_EQ(finished.code, 0) << finished.err;
  const auto records = read_results(folder.only(".jsonl")).records;
  ASSERT_EQ(records.size(), 2U);
  for (const Record& record : records) {
    EXPECT_EQ(mkn(record.problem.shape), "48x48x48");
    EXPECT_EQ(record.seed, 3U);
    EXPECT_EQ(record.repro, repro);
  }
}

TEST(List, ShowsWhatThereIsAndWhyTheRestIsNot) {
  const Folder folder;
  const Finished finished = run(folder, {"list"});
  EXPECT_EQ(finished.code, 0) << finished.err;
  EXPECT_THAT(folder.files(), IsEmpty());
  EXPECT_THAT(
      finished.out,
      AllOf(HasSubstr("mock"), HasSubstr("mock_i8_i8_bf16_scaled_sparse_mm_bias"), HasSubstr("cpu"),
            HasSubstr("meta-llama/Llama-2-70b-hf"), HasSubstr("Qwen/Qwen2.5-7B")));
}

}  // namespace
}  // namespace twofour::cli
