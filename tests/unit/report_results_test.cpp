// Several runs as one: which rows count, and on which device they are.
#include "report/results.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "report/formats.h"
#include "report/left_out.h"

namespace twofour::report {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

Record row(int case_index, std::int64_t m, double median_s, std::string kernel = "cpu_sparse") {
  Record r;
  r.case_index = case_index;
  r.problem.shape = {.m = m, .n = 64, .k = 64};
  r.provider = "cpu";
  r.kernel = std::move(kernel);
  r.summary = Summary{.median_s = median_s};
  return r;
}

report::Run run(std::string source, std::int64_t started, std::vector<Record> records) {
  report::Run one{.source = std::move(source), .environment = {}, .records = std::move(records)};
  one.environment.started_unix_s = started;
  one.environment.device.id.name = "CPU";
  return one;
}

std::vector<double> medians(const Sweep& sweep) {
  std::vector<double> values;
  values.reserve(sweep.records.size());
  for (const Record& r : sweep.records) values.push_back(r.summary->median_s);
  return values;
}

std::vector<int> cases(const Sweep& sweep) {
  std::vector<int> values;
  values.reserve(sweep.records.size());
  for (const Record& r : sweep.records) values.push_back(r.case_index);
  return values;
}

TEST(Join, OneRunIsAsItIs) {
  const std::vector<report::Run> runs{run("a", 1, {row(0, 1, 1), row(3, 2, 2)})};
  const Results results = join(runs);
  ASSERT_EQ(results.devices.size(), 1U);
  ASSERT_EQ(results.devices[0].sweeps.size(), 1U);
  EXPECT_THAT(cases(results.devices[0].sweeps[0]), ElementsAre(0, 3));
  EXPECT_THAT(results.left_out, IsEmpty());
}

TEST(Join, OfARowThatWasMeasuredAgainTheOneOfTheLaterRunCounts) {
  // The order of the files does not matter.
  const std::vector<report::Run> runs{run("new", 2, {row(0, 1, 20)}),
                                      run("old", 1, {row(0, 1, 10), row(1, 2, 11)})};
  const Results results = join(runs);
  EXPECT_THAT(medians(results.devices[0].sweeps[0]), ElementsAre(20, 11));
  EXPECT_THAT(results.left_out, ElementsAre(AllOf(HasSubstr("1 row "), HasSubstr("later"))));
}

TEST(Join, AKernelAStateOfTheCacheAndAProblemAreRowsOfTheirOwn) {
  Record hot = row(0, 1, 2);
  hot.cache.mode = CacheMode::kHot;
  Record bias = row(0, 1, 3);
  bias.problem.bias = true;
  const std::vector<report::Run> runs{run("a", 1, {row(0, 1, 1), hot}),
                                      run("b", 2, {bias, row(0, 1, 4, "cpu_dense")})};
  EXPECT_THAT(medians(join(runs).devices[0].sweeps[0]), ElementsAre(1, 2, 3, 4));
}

TEST(Join, AShapeThatASweepHasTwiceIsTwoCases) {
  const std::vector<report::Run> runs{run("a", 1, {row(0, 1, 1), row(1, 1, 2)}),
                                      run("b", 2, {row(0, 1, 3), row(1, 1, 4)})};
  EXPECT_THAT(medians(join(runs).devices[0].sweeps[0]), ElementsAre(3, 4));
}

TEST(Join, NumbersCasesAnewWhereTwoHaveOneNumber) {
  const std::vector<report::Run> runs{run("a", 1, {row(0, 1, 1), row(1, 2, 2)}),
                                      run("b", 2, {row(0, 2, 3), row(1, 4, 4)})};
  const Sweep sweep = join(runs).devices[0].sweeps[0];
  EXPECT_THAT(medians(sweep), ElementsAre(1, 3, 4));
  EXPECT_THAT(cases(sweep), ElementsAre(0, 1, 2));
}

TEST(Join, PartsOfOneSweepKeepTheirNumbers) {
  const std::vector<report::Run> runs{run("odd", 1, {row(1, 2, 1), row(3, 4, 2)}),
                                      run("even", 2, {row(0, 1, 3), row(2, 3, 4)})};
  EXPECT_THAT(cases(join(runs).devices[0].sweeps[0]), ElementsAre(0, 1, 2, 3));
}

TEST(Join, DevicesAreNeverMixed) {
  std::vector<report::Run> runs{run("a", 1, {row(0, 1, 1)}), run("b", 2, {row(0, 1, 2)}),
                                run("c", 3, {row(0, 1, 3)})};
  runs[0].environment.device.id.uuid = "GPU-1";
  runs[1].environment.device.id.uuid = "GPU-2";
  runs[2].environment.device.id.uuid = "GPU-1";
  const Results results = join(runs);
  ASSERT_EQ(results.devices.size(), 2U);
  EXPECT_THAT(medians(results.devices[0].sweeps[0]), ElementsAre(2));
  EXPECT_THAT(medians(results.devices[1].sweeps[0]), ElementsAre(3));
  EXPECT_THAT(results.devices[1].title, HasSubstr("GPU-1"));
}

TEST(Join, WithoutUuidTheMachineTellsDevicesApart) {
  std::vector<report::Run> runs{run("a", 1, {row(0, 1, 1)}), run("b", 2, {row(0, 1, 2)})};
  EXPECT_EQ(join(runs).devices.size(), 1U);
  runs[1].environment.device.threads = 64;
  EXPECT_EQ(join(runs).devices.size(), 2U);
}

TEST(Join, HostsOfOneJobAreSeveralDevices) {
  std::vector<report::Run> runs{run("a", 1, {row(0, 1, 1)}), run("b", 2, {row(0, 1, 2)})};
  runs[0].environment.device.details = {{"host", "node1"}};
  runs[1].environment.device.details = {{"host", "node2"}};
  EXPECT_EQ(join(runs).devices.size(), 1U) << "a container has a new name each time";
  for (report::Run& one : runs) one.environment.device.details["job"] = "a rank";
  const Results results = join(runs);
  ASSERT_EQ(results.devices.size(), 2U);
  EXPECT_THAT(results.devices[1].title, HasSubstr("node2"));
  runs[1].environment.device.details["host"] = "node1";
  EXPECT_EQ(join(runs).devices.size(), 1U);
}

TEST(Join, RanksThatSharedTheCasesAreOneDevice) {
  std::vector<report::Run> runs{run("a", 1, {row(0, 1, 1)}), run("b", 2, {row(1, 2, 2)})};
  for (report::Run& one : runs) {
    const std::string number = std::to_string(one.environment.started_unix_s);
    one.environment.device.details = {
        {"host", "node" + number}, {"job", "a rank"}, {"spread", "split over 2 ranks"}};
    one.environment.device.id = {
        .kind = DeviceKind::kCuda, .name = "NVIDIA H200", .uuid = "GPU-" + number};
  }
  const Results results = join(runs);
  ASSERT_EQ(results.devices.size(), 1U);
  EXPECT_EQ(results.devices[0].title, "NVIDIA H200, several alike");
  EXPECT_EQ(results.devices[0].sweeps.at(0).records.size(), 2U);
  runs[1].environment.device.id.name = "NVIDIA H100";
  EXPECT_EQ(join(runs).devices.size(), 2U);
}

TEST(Join, TheDeviceOfARowCountsMoreThanThatOfItsRun) {
  Record other = row(0, 1, 2);
  other.device = DeviceId{.kind = DeviceKind::kCuda, .name = "GPU", .uuid = "GPU-7"};
  const std::vector<report::Run> runs{run("a", 1, {row(0, 1, 1), other})};
  EXPECT_EQ(join(runs).devices.size(), 2U);
}

TEST(Join, TellsOfALastLineWithoutAnEndAndOfAttempts) {
  std::vector<report::Run> runs{run("a", 1, {row(0, 1, 1)})};
  runs[0].cut = true;
  runs[0].attempts = 2;
  EXPECT_THAT(join(runs).left_out,
              AllOf(Contains(HasSubstr("'a'")), Contains(HasSubstr("2 attempts"))));
}

TEST(Jsonl, OfSeveralRunsHasTheirEnvironmentsAndCanBeReadAgain) {
  const std::vector<report::Run> runs{run("old", 1, {row(0, 1, 10), row(1, 2, 11)}),
                                      run("new", 2, {row(0, 1, 20)})};
  const std::vector<report::Run> again = parse_runs("again", jsonl_document(runs));
  ASSERT_EQ(again.size(), 2U);
  EXPECT_EQ(again[0].records.size(), 1U);
  EXPECT_EQ(again[1].records.size(), 1U);
}

TEST(LeftOut, CountsRowsWithoutAResultByOutcomeAndReason) {
  std::vector<Record> rows{row(0, 1, 1), row(0, 2, 1), row(0, 3, 1)};
  rows[1].outcome = rows[2].outcome = {OutcomeKind::kSkipped, "no \x1b[31m memory"};
  EXPECT_THAT(rows_without_result(rows),
              ElementsAre("2 of 3 rows have no result:", R"(  2 skipped: no \x1b[31m memory)"));
  EXPECT_THAT(rows_without_result(std::span(rows).first(1)), IsEmpty());
}

TEST(LeftOut, ManyReasonsAreCountedTogether) {
  std::vector<Record> rows;
  for (int i = 0; i < 20; ++i) {
    rows.push_back(row(i, 1, 1));
    rows.back().outcome = {OutcomeKind::kFailed, "status " + std::to_string(i)};
  }
  const std::vector<std::string> lines = rows_without_result(rows);
  EXPECT_EQ(lines.size(), 10U);
  EXPECT_EQ(lines.back(), "  12 for other reasons");
}

}  // namespace
}  // namespace twofour::report
