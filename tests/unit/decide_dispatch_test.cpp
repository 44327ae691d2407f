// The dispatch table: ranges without gaps, dense where nothing is certain, and its file.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <stdexcept>

#include "decide/dispatch.h"
#include "decisions.h"

namespace twofour::decide {
namespace {

using ::testing::HasSubstr;

/// A layer whose rows it holds.
struct Known {
  std::vector<Record> records;
  std::vector<Subject> all;

  explicit Known(const std::vector<std::pair<std::int64_t, double>>& ratios) {
    int index = 0;
    for (const auto& [m, ratio] : ratios) {
      for (Record& r : golden::rows_of({"qkv", 64, 64, m, 1e-3, ratio}, index)) {
        records.push_back(std::move(r));
      }
      ++index;
    }
    all = subjects(records);
  }
  [[nodiscard]] const Layer& layer() const { return all.front().layers.front(); }
};

std::string shape_of(const std::vector<DispatchRange>& ranges) {
  std::string text;
  for (const DispatchRange& range : ranges) {
    text += std::to_string(range.first_m) + "-" + std::to_string(range.last_m) + " " +
            std::string(to_string(range.use)) + " " + std::string(to_string(range.why)) + " " +
            std::to_string(range.measured.size()) + "; ";
  }
  return text;
}

TEST(Dispatch, WhatLiesBetweenSizesThatDifferGoesToDense) {
  const Known known({{1, 1.5}, {16, 1.4}, {64, 0.8}, {256, 0.7}});
  EXPECT_EQ(shape_of(dispatch_ranges(known.layer())),
            "1-16 2:4 win 2; 17-63 dense unclear 0; 64-256 dense loss 2; ");
}

TEST(Dispatch, UnclearSizesGoToDense) {
  const Known known({{1, 1.5}, {16, 1.0}, {17, 1.5}});
  const std::vector<DispatchRange> ranges = dispatch_ranges(known.layer());
  EXPECT_EQ(shape_of(ranges), "1-1 2:4 win 1; 2-16 dense unclear 1; 17-17 2:4 win 1; ");
  EXPECT_EQ(ranges[1].kernel, "onednn_i8_i8_bf16_scaled_mm");
  EXPECT_EQ(ranges[0].kernel, "cpu_i8_i8_bf16_scaled_sparse_mm");
}

TEST(Dispatch, BetweenTwoWinsTheKernelOfTheLargerSizeRuns) {
  Known known({{1, 1.5}, {16, 1.5}, {64, 1.5}});
  known.records[1].kernel = "cpu_gemv";
  known.all = subjects(known.records);
  const std::vector<DispatchRange> ranges = dispatch_ranges(known.layer());
  EXPECT_EQ(shape_of(ranges), "1-1 2:4 win 1; 2-64 2:4 win 2; ");
  EXPECT_EQ(ranges[0].kernel, "cpu_gemv");
}

TEST(Dispatch, TellsTheExpectedTimeWithItsInterval) {
  const Known known({{8, 1.5}});
  const DispatchPoint point = dispatch_ranges(known.layer()).front().measured.front();
  const Record& sparse = known.records.back();
  EXPECT_EQ(point.time_s, sparse.summary->median_s);
  EXPECT_EQ(point.time_interval_s, sparse.summary->median_interval_s);
  EXPECT_EQ(point.speed_up, sparse.vs_dense->value);
}

TEST(Dispatch, CoversEveryMOfTheGridWithoutGaps) {
  const report::Run run = golden::decision_run();
  const std::vector<Subject> all = subjects(run.records);
  ASSERT_FALSE(all.empty());
  for (const Layer& layer : all.front().layers) {
    const std::vector<DispatchRange> ranges = dispatch_ranges(layer);
    EXPECT_EQ(ranges.front().first_m, layer.points.front().m);
    EXPECT_EQ(ranges.back().last_m, layer.points.back().m);
    for (std::size_t i = 1; i < ranges.size(); ++i) {
      EXPECT_EQ(ranges[i].first_m, ranges[i - 1].last_m + 1);
    }
  }
}

TEST(Dispatch, IsReadAsItWasWritten) {
  const report::Run run = golden::decision_run();
  const Dispatch table = dispatch(subjects(run.records));
  EXPECT_EQ(table.layers.size(), 4U);
  EXPECT_EQ(parse_dispatch_json(dispatch_json(table)), table);
}

TEST(Dispatch, AWrongFileNamesTheField) {
  std::string text = dispatch_json(dispatch(subjects(golden::decision_run().records)));
  text.replace(text.find("\"2:4\""), 5, "\"3:4\"");
  try {
    (void)parse_dispatch_json(text);
    FAIL();
  } catch (const std::invalid_argument& error) {
    EXPECT_THAT(error.what(), HasSubstr("field 'layers[0].ranges[0].use'"));
  }
}

}  // namespace
}  // namespace twofour::decide
