// Where the time went, from the phases of records.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "report/spent.h"

namespace twofour::report {
namespace {

Record row(int index, DataType type, const std::string& kernel, const Phases& phases) {
  Record record;
  record.case_index = index;
  record.problem.a = type;
  record.kernel = kernel;
  record.phases = phases;
  return record;
}

Phases phases(double operands, double reference, double own) {
  return {.operands_s = operands,
          .reference_s = reference,
          .prepare_s = 2 * own,
          .plan_s = own,
          .verify_s = 3 * own,
          .measure_s = 10 * own};
}

TEST(TimeSpent, OfNothingIsNothing) {
  const TimeSpent spent = time_spent({});
  EXPECT_EQ(spent.total_s(), 0);
  EXPECT_EQ(spent.overhead(), 0);
}

TEST(TimeSpent, CountsOnceWhatKernelsOfACaseShare) {
  const std::vector<Record> records{row(0, DataType::kBf16, "wide", phases(4, 2, 1)),
                                    row(0, DataType::kInt8, "dense", phases(8, 1, 1)),
                                    row(0, DataType::kInt8, "sparse", phases(8, 1, 2)),
                                    row(1, DataType::kInt8, "dense", phases(8, 1, 1))};
  const TimeSpent spent = time_spent(records);
  EXPECT_DOUBLE_EQ(spent.set_up_s, 6 + 9 + 9 + 3 * (1 + 1 + 2 + 1));
  EXPECT_DOUBLE_EQ(spent.search_s, 1 + 1 + 2 + 1);
  EXPECT_DOUBLE_EQ(spent.verify_s, 3 * 5);
  EXPECT_DOUBLE_EQ(spent.measure_s, 10 * 5);
  EXPECT_DOUBLE_EQ(spent.overhead(), 54.0 / 104.0);
}

TEST(TimeSpent, AHotRowHasOnlyItsOwnSamples) {
  const std::vector<Record> records{row(0, DataType::kInt8, "dense", phases(1, 1, 1)),
                                    row(0, DataType::kInt8, "dense", phases(1, 1, 1))};
  const TimeSpent spent = time_spent(records);
  EXPECT_DOUBLE_EQ(spent.set_up_s, 2 + 3);
  EXPECT_DOUBLE_EQ(spent.verify_s, 3);
  EXPECT_DOUBLE_EQ(spent.measure_s, 20);
}

}  // namespace
}  // namespace twofour::report
