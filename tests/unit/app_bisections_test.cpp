// The cases that --break-even adds, round by round, from rows whose truth is known.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "app/bisections.h"
#include "decide/break_even.h"
#include "decisions.h"

namespace twofour::app {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;

/// Two layers at four batch sizes, in the order of model_cases().
std::vector<workload::Case> grid_cases() {
  std::vector<workload::Case> cases;
  for (const std::int64_t m : {16, 64, 256, 1024}) {
    for (const char* layer : {"up", "down"}) {
      cases.push_back({.index = static_cast<int>(cases.size()),
                       .shape = {.m = m, .n = 64, .k = 128},
                       .model = "lab/model",
                       .layer = layer,
                       .tokens = m,
                       .instances = 32,
                       .calls = 32});
    }
  }
  return cases;
}

/// Rows of a case: 2:4 wins below M = 200 in `up`, and everywhere in `down`.
std::vector<Record> rows_of(const workload::Case& c) {
  const bool wins = c.layer == "down" || c.shape.m < 200;
  return golden::rows_of({c.layer, c.shape.k, c.shape.n, c.shape.m, 1e-3, wins ? 1.5 : 0.7},
                         c.index);
}

/// A whole run: all cases, and all rows.
struct Whole {
  std::vector<workload::Case> cases = grid_cases();
  std::vector<Record> records;

  Whole() {
    const std::size_t grid = cases.size();
    std::size_t measured = 0;
    while (true) {
      for (; measured < cases.size(); ++measured) {
        for (Record& r : rows_of(cases[measured])) records.push_back(std::move(r));
      }
      const std::vector<workload::Case> more = bisections(cases, grid, records);
      if (more.empty()) return;
      cases.insert(cases.end(), more.begin(), more.end());
    }
  }
};

TEST(Bisections, AreAtMostFiveOfALayerAndCloseInOnTheEdge) {
  const Whole whole;
  std::vector<std::int64_t> added;
  for (const workload::Case& c : whole.cases) {
    if (static_cast<std::size_t>(c.index) < grid_cases().size()) continue;
    EXPECT_EQ(c.layer, "up");
    EXPECT_FALSE(c.tokens);
    EXPECT_FALSE(c.calls);
    EXPECT_EQ(c.instances, 32);
    added.push_back(c.shape.m);
  }
  EXPECT_THAT(added, ::testing::ElementsAre(128, 184, 216, 200, 192));
}

TEST(Bisections, AreNumberedBehindTheOthers) {
  const Whole whole;
  for (std::size_t i = 0; i < whole.cases.size(); ++i) {
    EXPECT_EQ(whole.cases[i].index, static_cast<int>(i));
  }
}

TEST(Bisections, FollowFromTheRowsThatARunLeft) {
  const Whole whole;
  for (std::size_t rows = 0; rows <= whole.records.size(); ++rows) {
    const std::vector<Record> left(whole.records.begin(),
                                   whole.records.begin() + static_cast<std::ptrdiff_t>(rows));
    const std::vector<workload::Case> again = with_earlier_bisections(grid_cases(), left);
    ASSERT_LE(again.size(), whole.cases.size());
    for (std::size_t i = 0; i < again.size(); ++i) {
      EXPECT_EQ(again[i].shape, whole.cases[i].shape);
      EXPECT_EQ(again[i].layer, whole.cases[i].layer);
    }
    for (const Record& r : left) {
      EXPECT_LT(static_cast<std::size_t>(r.case_index), again.size());
    }
  }
}

TEST(Bisections, OfRowsOfAnotherRunAreNone) {
  const Whole whole;
  std::vector<Record> last(whole.records.end() - 1, whole.records.end());
  EXPECT_EQ(with_earlier_bisections(grid_cases(), last).size(), grid_cases().size());
}

TEST(Bisections, ASkippedLayerHasNone) {
  std::vector<workload::Case> cases = grid_cases();
  for (workload::Case& c : cases) c.skip_reason = "an uneven split";
  EXPECT_THAT(bisections(cases, cases.size(), Whole().records), IsEmpty());
  EXPECT_THAT(possible_bisections(cases, 1), HasSubstr("up to 0 further cases"));
  EXPECT_THAT(possible_bisections(grid_cases(), 6),
              ::testing::AllOf(HasSubstr("up to 10 further cases"), HasSubstr("at most 1:00")));
}

}  // namespace
}  // namespace twofour::app
