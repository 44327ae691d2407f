// A run of a model: cases that are added while it goes on, and the decision that it ends with.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <map>
#include <set>

#include "program.h"
#include "report/report.h"

namespace twofour::cli {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

/// 2:4 wins below M = 200 (100 us against 0.5 us a row) and loses above: 3.1 at M = 64, 0.2 at
/// M = 1024, so that a busy machine leaves the verdicts of the grid as they are.
constexpr const char* kEdgeAt200 =
    R"({"dense_us": 100, "sparse_us": 0.001, "sparse_us_per_row": 0.5, "noise": 0.002})";

/// A file with one model of two small layers.
std::filesystem::path small_model(const Folder& folder) {
  const std::filesystem::path file = folder.path() / "models.json";
  std::ofstream(file) << R"({"models": [{"name": "lab/small", "source": "invented",
    "layers": [{"name": "up", "k": 16, "n": 16, "split": "n", "count": 2},
               {"name": "down", "k": 32, "n": 16, "split": "k", "count": 3}]}]})";
  return file;
}

std::vector<std::string> model_run(const Folder& folder,
                                   const std::vector<std::string>& more = {}) {
  std::vector<std::string> line{"--dtype",       "int8",
                                "--device",      "cpu",
                                "--providers",   "mock",
                                "--kernels",     "mm$",
                                "--threads",     "1",
                                "--max-time",    "0.3",
                                "--precision",   "0.01",
                                "--models-file", small_model(folder).string(),
                                "model_bench",   "--batch-sizes",
                                "16,64,256,1024"};
  line.insert(line.end(), more.begin(), more.end());
  return line;
}

/// The M of each case, by layer.
std::map<std::string, std::set<std::int64_t>> sizes_of(const Results& results) {
  std::map<std::string, std::set<std::int64_t>> sizes;
  for (const Record& r : results.records) sizes[r.layer].insert(r.problem.shape.m);
  return sizes;
}

/// The bracket of `layer`: the largest M at which 2:4 wins and the smallest at which it loses.
std::pair<std::int64_t, std::int64_t> bracket_of(const Results& results, const std::string& layer) {
  std::pair<std::int64_t, std::int64_t> bracket{0, 1 << 28};
  for (const Record& r : results.records) {
    if (r.layer != layer || !r.vs_dense) continue;
    const std::int64_t m = r.problem.shape.m;
    if (r.vs_dense->verdict == Verdict::kWin) bracket.first = std::max(bracket.first, m);
    if (r.vs_dense->verdict == Verdict::kLoss) bracket.second = std::min(bracket.second, m);
  }
  return bracket;
}

TEST(BreakEven, MeasuresFurtherSizesAroundTheEdge) {
  const Folder folder;
  const Finished finished = run(folder, model_run(folder, {"--break-even"}), kEdgeAt200);
  ASSERT_EQ(finished.code, 0) << finished.err;
  EXPECT_THAT(finished.err, HasSubstr("--break-even: 2 further cases"));
  const Results results = read_results(folder.only(".jsonl"));
  for (const auto& [layer, sizes] : sizes_of(results)) {
    EXPECT_TRUE(sizes.contains(128)) << layer;
    EXPECT_GT(sizes.size(), 5U) << layer;
    EXPECT_LE(sizes.size(), 9U) << layer;
    // The noise of a machine may make sizes near the edge unclear; it lies in the bracket.
    const auto [low, high] = bracket_of(results, layer);
    EXPECT_LT(low, 220) << layer;
    EXPECT_GT(high, 180) << layer;
    EXPECT_LT(high - low, 256 - 64) << layer;
  }
  for (const Record& r : results.records) {
    EXPECT_EQ(r.tokens.has_value(), r.case_index < 8) << r.case_index;
  }
  EXPECT_THAT(finished.out, AllOf(HasSubstr("== Decision: lab/small"), HasSubstr("2:4 wins at M")));
}

TEST(BreakEven, InOneProcessToo) {
  const Folder folder;
  const Finished finished =
      run(folder, model_run(folder, {"--break-even", "--in-process"}), kEdgeAt200);
  ASSERT_EQ(finished.code, 0) << finished.err;
  EXPECT_TRUE(sizes_of(read_results(folder.only(".jsonl"))).at("up").contains(128));
}

TEST(BreakEven, GoesOnInTheMiddleOfAnAddedCase) {
  const Folder folder;
  ASSERT_EQ(run(folder, model_run(folder, {"--break-even"}), kEdgeAt200).code, 0);
  const std::filesystem::path jsonl = folder.only(".jsonl");
  const auto lines = lines_of(read_file(jsonl));
  const auto of_an_added_case = std::find_if(lines.begin() + 1, lines.end(), [](const auto& line) {
    return report::parse_record_json(line).case_index == 9;
  });
  const auto kept = static_cast<std::size_t>(of_an_added_case - lines.begin()) + 1;
  ASSERT_LT(kept, lines.size());
  std::ofstream stream(jsonl);
  for (std::size_t i = 0; i < kept; ++i) stream << lines[i] << "\n";
  stream.close();
  const Finished finished =
      run(folder, model_run(folder, {"--break-even", "--resume", jsonl.string()}), kEdgeAt200);
  ASSERT_EQ(finished.code, 0) << finished.err;
  const auto after = lines_of(read_file(jsonl));
  EXPECT_GE(after.size(), kept + 1);
  for (std::size_t i = 0; i < kept; ++i) EXPECT_EQ(after[i], lines[i]);
  std::map<int, std::int64_t> m_of;
  for (const Record& r : read_results(jsonl).records) {
    EXPECT_EQ(m_of.try_emplace(r.case_index, r.problem.shape.m).first->second, r.problem.shape.m);
  }
}

TEST(BreakEven, RowsOfAddedCasesAreOfNoRunWithoutIt) {
  const Folder folder;
  ASSERT_EQ(run(folder, model_run(folder, {"--break-even"}), kEdgeAt200).code, 0);
  const std::filesystem::path jsonl = folder.only(".jsonl");
  const Finished finished =
      run(folder, model_run(folder, {"--resume", jsonl.string()}), kEdgeAt200);
  EXPECT_EQ(finished.code, 2);
}

TEST(BreakEven, AnInterruptionInAnAddedCaseLeavesAllFiles) {
  const Folder folder;
  const Finished finished = run(folder, model_run(folder, {"--break-even"}), kEdgeAt200,
                                // 16 of the grid and three controls
                                once_after_rows(folder, 21, [](pid_t pid) { kill(pid, SIGINT); }));
  EXPECT_EQ(finished.code, 130) << finished.err;
  EXPECT_FALSE(folder.only(".csv").empty());
  const Results results = read_results(folder.only(".jsonl"));
  EXPECT_GE(results.records.size(), 17U);
  EXPECT_LT(results.records.size(), 32U);
}

TEST(BreakEven, DryRunSaysWhatCanCome) {
  const Folder folder;
  const Finished finished = run(folder, model_run(folder, {"--break-even", "--dry-run"}));
  EXPECT_EQ(finished.code, 0) << finished.err;
  EXPECT_THAT(finished.out, HasSubstr("up to 10 further cases, at most 5 for each of 2 layers"));
  EXPECT_THAT(finished.out, HasSubstr("at most 0:03 (0.3 s each)"));
}

TEST(Decision, StandsAtTheEndOfARunAndInItsReport) {
  const Folder folder;
  const std::string dispatch = (folder.path() / "dispatch.json").string();
  const std::vector<std::string> asked{"--traffic", "decode:16x0.75,prefill:1024x0.25",
                                       "--linear-share", "0.5"};
  std::vector<std::string> line = model_run(folder, asked);
  line.insert(line.end(), {"--dispatch", dispatch});
  const Finished finished = run(folder, line, kEdgeAt200);
  ASSERT_EQ(finished.code, 0) << finished.err;
  const std::string jsonl = folder.only(".jsonl").string();
  std::vector<std::string> report_line{"report", jsonl, "--dispatch", dispatch + "2"};
  report_line.insert(report_line.end(), asked.begin(), asked.end());
  const Finished reported = run(folder, report_line);
  ASSERT_EQ(reported.code, 0) << reported.err;
  const auto decision = [](const std::string& text) {
    return text.substr(std::min(text.size(), text.find("== Decision")));
  };
  EXPECT_EQ(decision(finished.out), decision(reported.out));
  EXPECT_THAT(finished.out, AllOf(HasSubstr("decode:16x0.75,prefill:1024x0.25"),
                                  HasSubstr("whole pass, S = 0.5")));
  EXPECT_EQ(read_file(dispatch), read_file(dispatch + "2"));
  EXPECT_THAT(read_file(dispatch), HasSubstr("\"type\": \"dispatch\""));
}

TEST(Decision, OtherModesEndAsTheyDid) {
  const Folder folder;
  EXPECT_THAT(run(folder, quick_sweep()).out, Not(HasSubstr("== Decision")));
}

TEST(Decision, WrongOptionsAreOneLineAndExitCodeTwo) {
  const Folder folder;
  const auto refused = [&](const std::vector<std::string>& more, const std::string& why) {
    const Finished finished = run(folder, model_run(folder, more));
    EXPECT_EQ(finished.code, 2) << why;
    EXPECT_THAT(finished.err, HasSubstr(why));
  };
  refused({"--traffic", "a:16x0.5"}, "--traffic: 'a:16x0.5' has shares that sum to 0.5");
  refused({"--traffic", "a:17x1"}, "--traffic: 'a' has a batch size of 17, which is not one of");
  refused({"--traffic", "a"}, "--traffic: 'a' is not NAME:BxSHARE");
  refused({"--linear-share", "0"}, "--linear-share: '0' is not a number above 0 and at most 1");
  refused({"--linear-share", "1.1"}, "--linear-share: '1.1' is not a number above 0");
  refused({"--dispatch", "no/such/folder/x.json"}, "--dispatch: 'no/such/folder/x.json' is not");
  refused({"--dispatch", "x.jsonl"}, "--dispatch: 'x.jsonl' is not a file to write");
  EXPECT_EQ(run(folder, quick_sweep({"--break-even"})).code, 2);
}

TEST(Decision, AReportRefusesAMixOfASizeThatNoRowHas) {
  const Folder folder;
  ASSERT_EQ(run(folder, model_run(folder), kEdgeAt200).code, 0);
  const Finished finished =
      run(folder, {"report", folder.only(".jsonl").string(), "--traffic", "a:32x1"});
  EXPECT_EQ(finished.code, 2);
  EXPECT_THAT(finished.err,
              HasSubstr("which no row of the files has; they have 16, 64, 256, 1024"));
}

/// A sweep of one shape whose weights are 6:8; `mock` does not expand them.
std::vector<std::string> six_of_eight(const std::string& k) {
  return {"--dtype",
          "int8",
          "--pattern",
          "6:8",
          "--device",
          "cpu",
          "--providers",
          "cpu,mock",
          "--kernels",
          "scaled.*mm$",
          "--threads",
          "1",
          "--max-time",
          "0.2",
          "--precision",
          "0.5",
          "range_bench",
          "--dim-start",
          "8",
          "--dim-end",
          "9",
          "--dim-increment",
          "1",
          "--k-constant",
          k};
}

TEST(Pattern, SixOfEightRunsThroughTwoFourAndIsVerified) {
  const Folder folder;
  const Finished finished = run(folder, six_of_eight("64"));
  ASSERT_EQ(finished.code, 0) << finished.err;
  EXPECT_THAT(finished.out, HasSubstr("Does 6:8 pay off here?"));
  int sparse = 0;
  for (const Record& r : read_results(folder.only(".jsonl")).records) {
    EXPECT_EQ(r.pattern, Sparsity::kSixEight) << r.kernel;
    if (!is_sparse(r.problem.sparsity)) continue;
    EXPECT_EQ(r.problem.sparsity, Sparsity::kSixEight);
    if (r.provider == "mock") {
      EXPECT_EQ(r.outcome.kind, OutcomeKind::kUnsupported);
      EXPECT_EQ(r.outcome.reason, "6:8 is not built for mock yet");
      continue;
    }
    ++sparse;
    EXPECT_TRUE(r.outcome.measured()) << r.outcome.reason;
    EXPECT_GE(r.executed.k, 96) << "the columns of the expanded form";
    EXPECT_TRUE(r.accuracy && r.accuracy->max_error_ratio <= 1);
    EXPECT_THAT(r.repro, HasSubstr("--pattern 6:8"));
  }
  EXPECT_GE(sparse, 1);
}

TEST(Pattern, SixOfEightNeedsWholeGroups) {
  const Folder folder;
  run(folder, six_of_eight("12"));
  for (const Record& r : read_results(folder.only(".jsonl")).records) {
    if (r.provider != "cpu" || !is_sparse(r.problem.sparsity)) continue;
    EXPECT_EQ(r.outcome.kind, OutcomeKind::kUnsupported);
    EXPECT_EQ(r.outcome.reason, "6:8 needs K to be a multiple of 8, not 12");
  }
}

TEST(Pattern, IsOneOfTwo) {
  const Folder folder;
  const Finished finished =
      run(folder, {"--dtype", "int8", "--pattern", "4:8", "square_bench", "--dim-start", "8",
                   "--dim-end", "8", "--dim-increment", "8"});
  EXPECT_EQ(finished.code, 2);
  EXPECT_THAT(finished.err, HasSubstr("--pattern: '4:8' is not one of 2:4, 6:8"));
}

TEST(Experts, AreMeasuredOneByOneAndAllInOneLaunch) {
  const Folder folder;
  const std::filesystem::path file = folder.path() / "experts.json";
  std::ofstream(file) << R"({"models": [{"name": "lab/moe", "source": "invented",
    "layers": [{"name": "expert_up", "k": 64, "n": 32, "split": "n", "count": 2, "experts": 8,
                "experts_per_token": 2}]}]})";
  const Finished finished =
      run(folder, {"--dtype", "int8", "--device", "cpu", "--providers", "cpu", "--kernels",
                   "i8_i8_bf16.*mm$", "--threads", "1", "--max-time", "0.2", "--precision", "0.5",
                   "--models-file", file.string(), "model_bench", "--batch-sizes", "4"});
  ASSERT_EQ(finished.code, 0) << finished.err;
  int all = 0;
  for (const Record& r : read_results(folder.only(".jsonl")).records) {
    EXPECT_TRUE(r.outcome.measured()) << r.outcome.reason;
    if (r.layer != "expert_up_all_experts") continue;
    ++all;
    EXPECT_EQ(r.experts, 5);  // 8 (1 - (1 - 2/8)^4), rounded
    EXPECT_EQ(r.calls, 2);
    EXPECT_TRUE(r.accuracy);
    EXPECT_THAT(r.repro, HasSubstr("model_bench --models-file " + file.string() +
                                   " --models lab/moe --batch-sizes 4 --tp-sizes 1"));
  }
  EXPECT_GE(all, 2) << "dense and 2:4";
  EXPECT_THAT(finished.out, HasSubstr("5 experts in each launch"));
}

}  // namespace
}  // namespace twofour::cli
