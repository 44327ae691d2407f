// What the ratios of equal kernels make of verdicts.
#include "report/floor.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <vector>

#include "report/columns.h"
#include "report/formats.h"
#include "report/problems.h"
#include "report/results.h"

namespace twofour::report {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Not;

Record row(int case_index, std::int64_t m, const char* kernel, Sparsity sparsity) {
  Record record;
  record.case_index = case_index;
  record.problem.shape = {.m = m, .n = 128, .k = 64};
  record.problem.sparsity = sparsity;
  record.provider = "cpu";
  record.kernel = kernel;
  record.summary = Summary{.median_s = 1e-3, .samples = 12};
  return record;
}

Record twin(int case_index, std::int64_t m, double ratio) {
  Record record = row(case_index, m, "dense_twin", Sparsity::kDense);
  record.twin_of = record.baseline = "dense";
  record.vs_dense = Ratio{ratio, {ratio - 0.01, ratio + 0.01}, Verdict::kWin};
  record.summary->median_s = 1e-3 / ratio;
  return record;
}

Record sparse(int case_index, std::int64_t m, double ratio, Verdict verdict) {
  Record record = row(case_index, m, "sparse", Sparsity::kTwoFour);
  record.baseline = "dense";
  record.vs_dense = Ratio{ratio, {ratio - 0.001, ratio + 0.001}, verdict};
  return record;
}

TEST(Floor, IsTheLargestOfItsRegimeInEitherDirection) {
  const std::vector<Record> records{twin(0, 1, 1.01), twin(1, 64, 1 / 1.03), twin(2, 128, 1.002)};
  const Floors floors = floors_of(records);
  EXPECT_NEAR(floors[0].log_ratio, std::log(1.03), 1e-12);
  EXPECT_EQ(floors[0].pairs, 2U);
  EXPECT_NEAR(floors[1].log_ratio, std::log(1.002), 1e-12);
  EXPECT_FALSE(floors[2].known()) << "nobody knows";
}

TEST(Floor, AControlOfTooFewSamplesTellsNothing) {
  Record few = twin(0, 1, 1.5);
  few.vs_dense->interval.low = few.vs_dense->interval.high =
      std::numeric_limits<double>::quiet_NaN();
  EXPECT_FALSE(floors_of(std::vector<Record>{few})[0].known());
}

TEST(Floor, IsNotWidenedByWhatIsChanceInAnImpreciseControl) {
  Record wide = twin(0, 1, 1.06);
  wide.vs_dense->interval = {0.98, 1.14};
  std::vector<Record> records{wide, sparse(0, 1, 1.05, Verdict::kWin)};
  EXPECT_FALSE(floors_of(records)[0].known()) << "it may be 1 as well";
  EXPECT_EQ(floors_of(records)[0].imprecise, 1U);
  apply_floors(records);
  EXPECT_EQ(records[1].vs_dense->verdict, Verdict::kWin);
  EXPECT_EQ(floor_sentence(records),
            "What equal kernels differ by at M <= 64 is not known: the control was not precise.");

  wide.vs_dense->interval = {1.02, 1.10};
  records = {wide, twin(1, 1, 1.01)};
  const Floors floors = floors_of(records);
  EXPECT_NEAR(floors[0].log_ratio, std::log(1.02), 1e-12) << "of the wide one what is certain";
  EXPECT_EQ(floors[0].pairs, 2U);
}

TEST(Floor, IsSaidToBeUnknownWhereItCouldMatter) {
  const std::string none =
      "No control at M <= 64: what equal kernels differ by there is not known.";
  EXPECT_EQ(floor_sentence(std::vector<Record>{sparse(0, 1, 1.05, Verdict::kWin)}), none);
  EXPECT_EQ(floor_sentence(std::vector<Record>{sparse(0, 1, 0.95, Verdict::kLoss)}), none);
  EXPECT_EQ(floor_sentence(std::vector<Record>{sparse(0, 1, 1.5, Verdict::kWin)}), "")
      << "no placement of memory makes that";
  EXPECT_EQ(floor_sentence(std::vector<Record>{sparse(0, 1, 1.0, Verdict::kTie)}), "");
}

TEST(Floor, TakesVerdictsAwayThatLieWithinIt) {
  std::vector<Record> records{twin(0, 1, 1.03),
                              sparse(0, 1, 1.02, Verdict::kWin),
                              sparse(1, 1, 0.98, Verdict::kLoss),
                              sparse(2, 1, 1.04, Verdict::kWin),
                              sparse(3, 1, 1.0, Verdict::kTie),
                              sparse(4, 128, 1.02, Verdict::kWin)};
  apply_floors(records);
  const auto verdict = [&](std::size_t i) { return records[i].vs_dense->verdict; };
  EXPECT_EQ(verdict(1), Verdict::kInconclusive);
  EXPECT_EQ(verdict(2), Verdict::kInconclusive);
  EXPECT_EQ(verdict(3), Verdict::kWin);
  EXPECT_EQ(verdict(4), Verdict::kTie);
  EXPECT_EQ(verdict(5), Verdict::kWin) << "another regime";
  EXPECT_EQ(floor_sentence(records),
            "Equal kernels differed by up to 3.0 % at M <= 64 (1 pair); 2 verdicts within that are "
            "INCONCLUSIVE. No control at 64 < M < 1024: what equal kernels differ by there is not "
            "known.");
}

TEST(Floor, IsInTheAnswerAndInWhatPeopleReadAndNotInRecords) {
  report::Run run;
  run.records = {row(0, 1, "dense", Sparsity::kDense), twin(0, 1, 1.03),
                 sparse(0, 1, 1.02, Verdict::kWin)};
  run.records[0].baseline = "dense";
  const Results results = join(std::vector<report::Run>{run});
  EXPECT_EQ(results.devices[0].sweeps[0].records[2].vs_dense->verdict, Verdict::kInconclusive);
  EXPECT_THAT(
      answer(results.devices[0].sweeps[0].records),
      EndsWith("Equal kernels differed by up to 3.0 % at M <= 64 (1 pair); 1 verdict within "
               "that is INCONCLUSIVE."));
  const std::string table = table_document(std::vector<report::Run>{run});
  EXPECT_THAT(table, HasSubstr("INCONCLUSIVE"));
  EXPECT_THAT(table, HasSubstr("control"));
  EXPECT_THAT(table, HasSubstr("0 WIN"));
  EXPECT_THAT(csv(run.records), Not(HasSubstr("INCONCLUSIVE")));
}

TEST(Twin, IsNoBaselineOfAProblemThoughItIsFaster) {
  const std::vector<Record> records{row(0, 1, "dense", Sparsity::kDense), twin(0, 1, 1.5),
                                    sparse(0, 1, 1.2, Verdict::kWin)};
  const std::vector<Problem> found = problems(records);
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].dense->kernel, "dense");
  EXPECT_EQ(found[0].rows.size(), 2U);
  EXPECT_EQ(verdict_text(records[1]), "control");
  EXPECT_EQ(geometric_means(records).rows.size(), 1U);
}

}  // namespace
}  // namespace twofour::report
