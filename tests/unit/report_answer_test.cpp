// What the summary concludes from ratios.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <limits>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include "core/flag.h"
#include "report/answer.h"

namespace twofour::report {
namespace {

using ::testing::ElementsAre;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::StartsWith;

constexpr auto kWin = Verdict::kWin;
constexpr auto kLoss = Verdict::kLoss;
constexpr auto kTie = Verdict::kTie;
constexpr auto kUnclear = Verdict::kInconclusive;
const std::string kQuestion = "Does 2:4 pay off here? ";

Record sparse(int case_index, std::int64_t m, double value, Verdict verdict) {
  Record record;
  record.case_index = case_index;
  record.problem.shape = {.m = m, .n = 128, .k = 64};
  record.problem.sparsity = Sparsity::kTwoFour;
  record.kernel = "cpu_i8_i8_bf16_scaled_sparse_mm";
  record.vs_dense = Ratio{value, {value, value}, verdict};
  return record;
}

/// A case for each entry.
struct Entry {
  std::int64_t m;
  double value;
  Verdict verdict;
};
std::vector<Record> cases(const std::vector<Entry>& entries) {
  std::vector<Record> records;
  records.reserve(entries.size());
  for (const Entry& entry : entries) {
    records.push_back(
        sparse(static_cast<int>(records.size()), entry.m, entry.value, entry.verdict));
  }
  return records;
}

TEST(Answer, YesWhereEveryProblemWins) {
  EXPECT_EQ(answer(cases({{1, 1.2, kWin}, {64, 1.8, kWin}})),
            kQuestion + "Yes: 2:4 is faster at every M from 1 to 64 (1.47x).");
}

TEST(Answer, NoWhereNoneDoes) {
  EXPECT_EQ(answer(cases({{1, 0.9, kLoss}})),
            kQuestion + "No: dense is faster at M = 1 (2:4 runs at 0.90x).");
  EXPECT_EQ(answer(cases({{1, 1.0, kTie}, {2, 1.0, kUnclear}})),
            kQuestion + "No: there is no clear difference at every M from 1 to 2 (1.00x).");
}

TEST(Answer, DoesNotSayNoWhereThereAreTooFewSamples) {
  constexpr double kUnknown = std::numeric_limits<double>::quiet_NaN();
  std::vector<Record> records = cases({{64, 1.66, kUnclear}, {64, 1.66, kUnclear}});
  for (Record& r : records) r.vs_dense->interval = {kUnknown, kUnknown};
  EXPECT_EQ(answer(records),
            kQuestion + "Not known: there are too few samples to tell at M = 64 (2:4 at 1.66x).");
  records.push_back(sparse(2, 1, 0.9, kLoss));
  EXPECT_EQ(answer(records),
            kQuestion +
                "Not known: dense is faster at M = 1 (2:4 runs at 0.90x); there are too "
                "few samples to tell at M = 64 (2:4 at 1.66x).");
}

TEST(Answer, NamesTheMFromWhichDenseIsFaster) {
  EXPECT_EQ(
      answer(cases({{512, 0.8, kLoss}, {1, 1.25, kWin}, {16, 1.25, kWin}, {256, 0.8, kLoss}})),
      kQuestion +
          "It depends on M: 2:4 is faster at M <= 16 (1.25x); dense is faster at M >= 256 (2:4 "
          "runs at 0.80x).");
}

TEST(Answer, SaysHowManyComparisonsAreClearWhereNotAllAre) {
  EXPECT_EQ(answer(cases({{1, 2.0, kWin}, {128, 2.0, kWin}, {128, 2.0, kUnclear}})),
            kQuestion +
                "Yes: 2:4 is faster at every M from 1 to 128 (2.00x, clear in 2 of 3 "
                "comparisons).");
  EXPECT_EQ(answer(cases({{64, 0.5, kLoss}, {64, 0.5, kTie}})),
            kQuestion +
                "No: dense is faster at M = 64 (2:4 runs at 0.50x, clear in 1 of 2 "
                "comparisons).");
}

TEST(Answer, NamesTheShapesWhereOneMHasBoth) {
  auto records = cases({{16, 1.5, kWin}, {16, 0.5, kLoss}, {16, 1.0, kTie}});
  records[0].layer = "qkv";
  records[1].layer = "o";
  EXPECT_EQ(answer(records),
            kQuestion +
                "In part: it depends on the shape at M = 16 (2:4 is faster in 1 of 3 comparisons, "
                "dense in 1; from 0.50x (o 16x64x128) to 1.50x (qkv 16x64x128)).");
}

TEST(Answer, GivesUpOnMWhereItGoesBackAndForth) {
  EXPECT_EQ(
      answer(
          cases({{1, 2, kWin}, {2, 0.5, kLoss}, {3, 1.5, kWin}, {4, 0.8, kLoss}, {5, 1.2, kWin}})),
      kQuestion +
          "In part: 2:4 is faster in 3 of 5 comparisons, dense in 2; from 0.50x (2x64x128) to "
          "2.00x (1x64x128).");
}

TEST(Answer, TakesTheBestSparseKernelOfAProblem) {
  const std::vector<Record> records{sparse(0, 8, 0.5, kLoss), sparse(0, 8, 1.5, kWin)};
  EXPECT_EQ(answer(records), kQuestion + "Yes: 2:4 is faster at M = 8 (1.50x).");
}

TEST(Answer, IsAboutColdWeightsWhereThereAreSuch) {
  std::vector<Record> records{sparse(0, 8, 0.5, kLoss), sparse(0, 8, 3.0, kWin)};
  records[1].cache.mode = CacheMode::kHot;
  EXPECT_EQ(answer(records),
            kQuestion +
                "No: dense is faster at M = 8 (2:4 runs at 0.50x), with the weights "
                "out of cache (cold).");
  records.erase(records.begin());
  EXPECT_THAT(answer(records), EndsWith("(3.00x), with the weights where the last launch left them "
                                        "(hot)."));
}

TEST(Answer, WarnsOfDoubtfulWins) {
  auto records = cases({{1, 2.5, kWin}, {2, 1.5, kWin}, {4, 0.9, kLoss}});
  records[0].flags = {Flag::kWeakBaseline, Flag::kCliff};
  records[2].flags = {Flag::kNotCold};
  EXPECT_THAT(answer(records), EndsWith(" Careful: 1 of the 2 wins is flagged WEAK_BASELINE."));
  records[1].outcome = {OutcomeKind::kUnstable, "--max-time was over"};
  EXPECT_THAT(answer(records), EndsWith(" Careful: 1 of the 2 wins is flagged WEAK_BASELINE."))
      << "1.5 stays a win, however its time jumps";
  records[1].vs_dense->interval = {1.02, 1.98};
  EXPECT_THAT(answer(records),
              EndsWith(" Careful: 2 of the 2 wins are flagged UNSTABLE, WEAK_BASELINE."));
}

TEST(Answer, SaysWhyDenseIsTheBetterChoiceWhereTheCodeTells) {
  auto records =
      cases({{1, 1.5, kWin}, {128, 1.1, kUnclear}, {512, 1.0, kTie}, {1024, 0.9, kLoss}});
  EXPECT_THAT(answer(records), Not(HasSubstr("loses or ties")));
  for (Record& record : records) {
    record.remark =
        "AMX has no sparse instruction: expanding 2:4 weights takes time beside the "
        "multiplications and saves only weight bytes";
  }
  EXPECT_THAT(
      answer(records),
      EndsWith("(2:4 runs at 0.90x). AMX has no sparse instruction: expanding 2:4 weights "
               "takes time beside the multiplications and saves only weight bytes, so dense "
               "is the better choice where 2:4 loses or ties (M = 512 to 1024)."));
  records[3].vs_dense->verdict = kUnclear;
  EXPECT_THAT(answer(records), EndsWith("loses or ties (M = 512)."));
  records[2].vs_dense->verdict = kWin;
  EXPECT_THAT(answer(records), Not(HasSubstr("AMX")));
}

TEST(Answer, SaysWhenThereIsNothingToCompare) {
  EXPECT_EQ(answer({}), kQuestion + "Not asked: no 2:4 kernel took part.");
  std::vector<Record> records{sparse(0, 1, 1, kTie)};
  records[0].vs_dense.reset();
  EXPECT_EQ(answer(records),
            kQuestion + "Not known: no 2:4 row has a result and a dense row to compare it with.");
}

TEST(VerdictCounts, AreOfSparseRowsAndForEachCacheState) {
  auto records =
      cases({{1, 2, kWin}, {2, 2, kWin}, {3, 0.5, kLoss}, {4, 1, kTie}, {5, 1, kUnclear}});
  records.push_back(sparse(5, 6, 1, kTie));
  records.back().vs_dense.reset();
  Record dense = sparse(0, 1, 0.5, kLoss);
  dense.problem.sparsity = Sparsity::kDense;
  records.push_back(dense);
  EXPECT_THAT(
      verdict_counts(records),
      ElementsAre("2:4 against the best dense kernel: 2 WIN, 1 LOSS, 1 TIE, 1 INCONCLUSIVE of "
                  "6 rows; 1 without a ratio."));
  records[0].cache.mode = CacheMode::kHot;
  EXPECT_THAT(verdict_counts(records), ElementsAre(HasSubstr("kernel, cold: 1 WIN, 1 LOSS, 1 TIE"),
                                                   HasSubstr("kernel, hot: 1 WIN, 0 LOSS, 0 TIE")));
  EXPECT_THAT(verdict_counts(std::vector{dense}), IsEmpty());
}

std::vector<std::string> titles(const Grid& grid) {
  std::vector<std::string> titles;
  for (const auto& heading : grid.headings) titles.push_back(heading.text);
  return titles;
}

TEST(GeometricMeans, AreByFamilyAndSize) {
  auto records = cases({{64, 2, kWin}, {65, 0.5, kLoss}, {1023, 2, kWin}, {1024, 4, kWin}});
  records[1].kernel = records[1].kernel + "_bias";
  records[3].kernel = "other_i8_i8_bf16_scaled_sparse_mm";
  const Grid grid = geometric_means(records);
  EXPECT_THAT(titles(grid),
              ElementsAre(Not(IsEmpty()), "all M", "M <= 64", "64 < M < 1024", "M >= 1024"));
  ASSERT_EQ(grid.rows.size(), 3U);
  EXPECT_THAT(grid.rows[0].cells,
              ElementsAre("the best of each problem", "1.682x", "2.000x", "1.000x", "4.000x"));
  EXPECT_THAT(grid.rows[1].cells,
              ElementsAre("cpu_i8_i8_bf16_scaled_sparse_mm", "1.260x", "2.000x", "1.000x", ""));
  EXPECT_THAT(grid.rows[2].cells,
              ElementsAre("other_i8_i8_bf16_scaled_sparse_mm", "4.000x", "", "", "4.000x"));
}

TEST(GeometricMeans, LeaveSizesOutThatAreNotThere) {
  EXPECT_THAT(titles(geometric_means(cases({{1, 2, kWin}}))), ElementsAre(Not(IsEmpty()), "all M"));
  EXPECT_THAT(geometric_means({}).rows, IsEmpty());
}

TEST(Legend, ExplainsWhatOccurs) {
  auto records = cases({{1, 0.9, kLoss}});
  EXPECT_THAT(legend(records, ">"), IsEmpty());
  records.push_back(sparse(1, 2, 1.5, kWin));
  records.back().accuracy = Accuracy{};
  records.back().outcome = {OutcomeKind::kUnstable, "--max-time was over"};
  records.back().flags = {Flag::kNotCold};
  EXPECT_THAT(legend(records, "*"), ElementsAre(HasSubstr("* marks 2:4 rows"), HasSubstr("error: "),
                                                HasSubstr("NOT_COLD: "), HasSubstr("UNSTABLE: ")));
}

TEST(Legend, NamesKernelsThatRoundOnTheWay) {
  auto records = cases({{1, 0.9, kLoss}, {2, 0.9, kLoss}});
  for (Record& record : records) {
    record.kernel = "pytorch_bf16_bf16_bf16_matmul-no-scales";
    record.accuracy = Accuracy{.accumulation = Accumulation::kOutputParts};
  }
  EXPECT_THAT(legend(records, ">"),
              ElementsAre(HasSubstr("error: "),
                          HasSubstr("pytorch_bf16_bf16_bf16_matmul-no-scales may round sums")));
}

TEST(Legend, ExplainsEveryFlagAndSoDoesTheDocumentation) {
  std::ifstream stream(TWOFOUR_SOURCE_DIR "/docs/records.md");
  std::ostringstream docs;
  docs << stream.rdbuf();
  for (const FlagInfo& flag : kFlags) {
    EXPECT_EQ(info(flag.flag).name, flag.name);
    std::vector<Record> records{sparse(0, 1, 0.9, kLoss)};
    records[0].flags.push_back(flag.flag);
    EXPECT_THAT(legend(records, ">"), ElementsAre(StartsWith(std::string(flag.name) + ": ")));
    EXPECT_THAT(docs.str(), HasSubstr("| `" + std::string(flag.name) + "` |"));
  }
}

TEST(Legend, DoesNotAskForMoreTimeWhereAQuotaIsInTheWay) {
  auto records = cases({{1, 0.9, kLoss}});
  records.back().flags = {Flag::kUnstable, Flag::kThrottled};
  EXPECT_THAT(legend(records, ">"),
              ElementsAre(testing::Not(HasSubstr("max-time")), HasSubstr("--threads")));
  records.push_back(sparse(1, 2, 0.9, kLoss));
  records.back().flags = {Flag::kUnstable};
  EXPECT_THAT(legend(records, ">"), ElementsAre(HasSubstr("max-time"), HasSubstr("--threads")));
}

TEST(Answer, SaysThatOthersUsedTheDevice) {
  auto records = cases({{1, 1.5, kWin}, {2, 1.4, kWin}});
  EXPECT_THAT(answer(records), Not(HasSubstr("other processes")));
  records.back().flags = {Flag::kBusy};
  EXPECT_THAT(answer(records),
              EndsWith(" Careful: other processes used the device in 1 of 2 comparisons (BUSY)."));
}

TEST(Answer, IsCarefulOnce) {
  auto records = cases({{1, 1.5, kWin}, {2, 1.4, kWin}});
  records.back().flags = {Flag::kBusy, Flag::kThrottled, Flag::kWeakBaseline};
  EXPECT_THAT(
      answer(records),
      HasSubstr(" Careful: 1 of the 2 wins is flagged WEAK_BASELINE. A CPU quota stopped the "
                "process in 1 of 2 comparisons (THROTTLED); "));
  EXPECT_THAT(answer(records),
              EndsWith(" Other processes used the device in 1 of 2 comparisons (BUSY)."));
}

TEST(Answer, SaysThatAQuotaWasInTheWay) {
  auto records = cases({{1, 0.9, kLoss}, {2, 0.8, kLoss}});
  EXPECT_THAT(answer(records), testing::Not(HasSubstr("quota")));
  records.back().flags = {Flag::kThrottled};
  EXPECT_THAT(answer(records),
              HasSubstr(" Careful: a CPU quota stopped the process in 1 of 2 comparisons "
                        "(THROTTLED); fewer --threads or a larger quota helps."));
}

}  // namespace
}  // namespace twofour::report
