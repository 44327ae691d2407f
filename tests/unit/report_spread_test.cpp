// How far devices of one kind differ.
#include "report/spread.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

#include "report/formats.h"

namespace twofour::report {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

Record row(std::int64_t m, double median_s, double half_width, Verdict verdict) {
  Record r;
  r.problem = {.shape = {.m = m, .n = 64, .k = 64}, .sparsity = Sparsity::kTwoFour};
  r.kernel = "sparse";
  r.summary =
      Summary{.median_s = median_s,
              .median_interval_s = {median_s * (1 - half_width), median_s * (1 + half_width)}};
  r.vs_dense = Ratio{.value = 1.2, .interval = {1.1, 1.3}, .verdict = verdict};
  return r;
}

report::Run on(const std::string& uuid, std::vector<Record> rows, const std::string& name = "GPU") {
  report::Run run{.source = uuid, .environment = {}, .records = std::move(rows)};
  run.environment.device.id = {.kind = DeviceKind::kCuda, .name = name, .uuid = uuid};
  for (Record& r : run.records) r.device = run.environment.device.id;
  return run;
}

TEST(Spread, HasMedianFastestAndSlowestOfEachProblem) {
  const std::vector<report::Run> runs{on("a", {row(1, 10e-6, 0.01, Verdict::kWin)}),
                                      on("b", {row(1, 8e-6, 0.01, Verdict::kWin)}),
                                      on("c", {row(1, 15e-6, 0.01, Verdict::kTie)})};
  const std::vector<Spread> found = spreads(join(runs));
  ASSERT_THAT(found, SizeIs(1));
  EXPECT_THAT(found[0].title, HasSubstr("3 devices, GPU"));
  ASSERT_THAT(found[0].grid.rows, SizeIs(1));
  EXPECT_THAT(found[0].grid.rows[0].cells,
              ElementsAre(HasSubstr("1x64x64"), "3", "10.00", "#2 GPU 0.800 [0.784, 0.816]",
                          "#3 GPU 1.500 [1.470, 1.530] STRAGGLER", "1 TIE, 2 WIN"));
  EXPECT_THAT(found[0].told, ElementsAre("Verdicts differ between devices in 1 of 1 problems.",
                                         HasSubstr("#3 GPU is a straggler in 1 of 1 problems")));
}

TEST(Spread, CallsNobodyAStragglerWhoseIntervalIsWide) {
  const std::vector<report::Run> runs{on("a", {row(1, 10e-6, 0.01, Verdict::kWin)}),
                                      on("b", {row(1, 10e-6, 0.01, Verdict::kWin)}),
                                      on("c", {row(1, 15e-6, 0.4, Verdict::kWin)})};
  const std::vector<Spread> found = spreads(join(runs));
  ASSERT_THAT(found, SizeIs(1));
  EXPECT_THAT(found[0].grid.rows[0].cells[4], Not(HasSubstr("STRAGGLER")));
  EXPECT_EQ(found[0].grid.rows[0].cells[5], "WIN");
  EXPECT_THAT(found[0].told, ElementsAre("Verdicts differ between devices in 0 of 1 problems."));
}

TEST(Spread, PrintsNoIntervalWhereADeviceHasTooFewSamples) {
  constexpr double kUnknown = std::numeric_limits<double>::quiet_NaN();
  const std::vector<report::Run> runs{on("a", {row(1, 10e-6, kUnknown, Verdict::kWin)}),
                                      on("b", {row(1, 10e-6, 0.01, Verdict::kWin)}),
                                      on("c", {row(1, 15e-6, 0.01, Verdict::kWin)})};
  const std::vector<Spread> found = spreads(join(runs));
  ASSERT_THAT(found, SizeIs(1));
  EXPECT_EQ(found[0].grid.rows[0].cells[4], "#3 GPU 1.500");
}

TEST(Spread, IsOfDevicesOfOneNameThatMeasuredTheSame) {
  const auto a = on("a", {row(1, 10e-6, 0.01, Verdict::kWin)});
  EXPECT_THAT(spreads(join(std::vector{a})), IsEmpty());
  EXPECT_THAT(spreads(join(std::vector{a, on("b", {row(2, 1e-5, 0.01, Verdict::kWin)})})),
              IsEmpty());
  EXPECT_THAT(spreads(join(std::vector{a, on("b", {row(1, 1e-5, 0.01, Verdict::kWin)}, "other")})),
              IsEmpty());
  // Parts of one machine.
  const std::vector<report::Run> nodes{on("", {row(1, 10e-6, 0.01, Verdict::kWin)}, "CPU (node0)"),
                                       on("", {row(1, 12e-6, 0.01, Verdict::kWin)}, "CPU (node1)")};
  EXPECT_THAT(spreads(join(nodes)), SizeIs(1));
}

TEST(Spread, IsInTheTableAndInMarkdown) {
  const std::vector<report::Run> runs{on("a", {row(1, 10e-6, 0.01, Verdict::kWin)}),
                                      on("b", {row(1, 8e-6, 0.01, Verdict::kWin)})};
  EXPECT_THAT(table_document(runs), HasSubstr("Spread over 2 devices, GPU"));
  EXPECT_THAT(markdown_document(runs), HasSubstr("Spread over 2 devices, GPU"));
}

}  // namespace
}  // namespace twofour::report
