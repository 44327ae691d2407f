// Kernels that take no M above a limit: a run says so once.
#include "run/limits.h"

#include <optional>
#include <string>
#include <vector>

#include "run/case_plan.h"
#include "run_fixture.h"

namespace twofour::run {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Pair;

std::vector<workload::Case> cases(const std::vector<std::int64_t>& ms) {
  std::vector<workload::Case> made;
  for (const std::int64_t m : ms) {
    workload::Case c;
    c.index = static_cast<int>(made.size());
    c.shape = {.m = m, .n = 64, .k = 64};
    made.push_back(c);
  }
  return made;
}

SelectedKernel kernel(std::string name, std::optional<std::int64_t> most_m) {
  SelectedKernel selected;
  selected.kernel.name = std::move(name);
  selected.kernel.most_m = most_m;
  return selected;
}

/// Indices of the cases in which `selected` has rows.
std::vector<int> cases_of(const SelectedKernel& selected, const std::vector<workload::Case>& all) {
  const LimitCases limits = limit_cases(all, std::vector<SelectedKernel>{selected});
  std::vector<int> found;
  for (const workload::Case& c : all) {
    if (has_rows(selected.kernel, c, limits)) found.push_back(c.index);
  }
  return found;
}

TEST(Limits, AreSaidInTheFirstCaseBeyond) {
  const auto all = cases({1, 256, 64, 128, 129, 4096});
  EXPECT_THAT(cases_of(kernel("few", 128), all), ElementsAre(0, 1, 2, 3));
  EXPECT_THAT(cases_of(kernel("more", 256), all), ElementsAre(0, 1, 2, 3, 4, 5));
  EXPECT_THAT(cases_of(kernel("any", std::nullopt), all), ElementsAre(0, 1, 2, 3, 4, 5));
  EXPECT_THAT(
      limit_cases(all, std::vector<SelectedKernel>{kernel("few", 128), kernel("more", 256)}),
      ElementsAre(Pair("few", 1), Pair("more", 5)));
}

TEST(Limits, ThatNoCaseExceedsAreNotSaid) {
  EXPECT_THAT(limit_cases(cases({1, 128}), std::vector<SelectedKernel>{kernel("few", 128)}),
              IsEmpty());
}

TEST(Limits, SkippedCasesSayTheirOwn) {
  auto all = cases({256, 512, 1024});
  all[0].skip_reason = "an uneven split";
  EXPECT_THAT(cases_of(kernel("few", 128), all), ElementsAre(0, 1));
}

class LimitTest : public RunTest {};

TEST_F(LimitTest, IsTheReasonOfTheRow) {
  testing::FakeKernel few = sparse_kernel("few", 1e-3);
  few.info.most_m = 3;  // the case has 4
  testing::FakeKernel enough = dense_kernel("enough", 1e-3);
  enough.info.most_m = 4;
  const std::vector<Record> result = run({few, enough});
  EXPECT_EQ(of(result, "few").outcome,
            (Outcome{OutcomeKind::kUnsupported,
                     "takes M up to 3; there is no other row of it beyond that"}));
  EXPECT_EQ(of(result, "enough").outcome.kind, OutcomeKind::kOk);
}

TEST_F(LimitTest, WhatALaunchCopiesIsInTheRecord) {
  testing::FakeKernel copying = sparse_kernel("copying", 1e-3);
  copying.copies = "activations";
  const std::vector<Record> result = run({copying, dense_kernel("plain", 1e-3)});
  EXPECT_EQ(of(result, "copying").copies, "activations");
  EXPECT_EQ(of(result, "plain").copies, "");
}

}  // namespace
}  // namespace twofour::run
