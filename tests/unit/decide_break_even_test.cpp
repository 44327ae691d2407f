// Ranges, brackets and where to measure next, on findings that are written down.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "decide/break_even.h"

namespace twofour::decide {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr State kW = State::kWin;
constexpr State kL = State::kLoss;
constexpr State kU = State::kUnclear;
constexpr State kN = State::kUnknown;

TEST(BreakEven, JoinsNeighboursThatAgreeAndBracketsTheEdge) {
  const std::vector<Finding> findings{{1, kW}, {16, kW}, {64, kU}, {256, kL}, {1024, kL}};
  const BreakEven found = break_even(findings);
  EXPECT_THAT(found.grid, ElementsAre(1, 16, 64, 256, 1024));
  EXPECT_THAT(found.ranges, ElementsAre(Range{kW, 1, 16}, Range{kU, 64, 64}, Range{kL, 256, 1024}));
  EXPECT_THAT(found.edges, ElementsAre(Edge{kW, kL, 16, 256}));
  EXPECT_EQ(sentence(found),
            "wins from M = 1 to 16, loses from M = 256 to 1024, is unclear at M = 64");
}

TEST(BreakEven, AssumesNoMonotony) {
  const std::vector<Finding> findings{{1, kW}, {4, kL}, {16, kW}, {64, kU}, {256, kW}};
  const BreakEven found = break_even(findings);
  EXPECT_THAT(found.edges, ElementsAre(Edge{kW, kL, 1, 4}, Edge{kL, kW, 4, 16}));
  EXPECT_EQ(ranges_text(found, kW), "1, 16, 256");
  EXPECT_EQ(edges_text(found), "between 1 and 4, between 4 and 16");
}

TEST(BreakEven, AnUnknownSizeLiesWithinABracketAndDecidesNothing) {
  const BreakEven found = break_even(std::vector<Finding>{{1, kW}, {4, kN}, {16, kL}});
  EXPECT_THAT(found.edges, ElementsAre(Edge{kW, kL, 1, 16}));
  EXPECT_THAT(break_even(std::vector<Finding>{{1, kN}, {4, kU}}).edges, IsEmpty());
}

TEST(BreakEven, SizesThatWereMeasuredTwiceMustAgree) {
  const std::vector<Point> points{{.m = 1, .state = kW}, {.m = 1, .state = kW},
                                  {.m = 2, .state = kW}, {.m = 2, .state = kL},
                                  {.m = 3, .state = kN}, {.m = 3, .state = kL}};
  const std::vector<Finding> found = findings(points);
  ASSERT_EQ(found.size(), 3U);
  EXPECT_EQ(found[0].state, kW);
  EXPECT_EQ(found[1].state, kU);
  EXPECT_EQ(found[2].state, kL);
}

TEST(NextM, IsTheGeometricMeanInMultiplesOfEightAboveSixteen) {
  EXPECT_EQ(next_m(std::vector<Finding>{{64, kW}, {256, kL}}), 128);
  EXPECT_EQ(next_m(std::vector<Finding>{{256, kW}, {1024, kL}}), 512);
  EXPECT_EQ(next_m(std::vector<Finding>{{100, kW}, {150, kL}}), 120);
  EXPECT_EQ(next_m(std::vector<Finding>{{4, kW}, {16, kL}}), 8);
  EXPECT_EQ(next_m(std::vector<Finding>{{1, kW}, {3, kL}}), 2);
  EXPECT_EQ(next_m(std::vector<Finding>{{16, kW}, {25, kL}}), 24);
  EXPECT_EQ(next_m(std::vector<Finding>{{12, kW}, {30, kL}}), 16);
}

TEST(NextM, IsNoneWhereNothingDiffersOrNothingLiesBetween) {
  EXPECT_EQ(next_m(std::vector<Finding>{{1, kW}, {4096, kW}}), std::nullopt);
  EXPECT_EQ(next_m(std::vector<Finding>{{1, kW}, {2, kL}}), std::nullopt);
  EXPECT_EQ(next_m(std::vector<Finding>{{64, kW}, {72, kL}}), std::nullopt);
  EXPECT_EQ(next_m(std::vector<Finding>{{17, kW}, {24, kL}}), std::nullopt);
  EXPECT_EQ(next_m(std::vector<Finding>{{1, kW}, {4, kN}, {16, kW}}), std::nullopt);
  EXPECT_EQ(next_m({}), std::nullopt);
}

TEST(NextM, PrefersTheWideBracketAndOneWithAWin) {
  EXPECT_EQ(next_m(std::vector<Finding>{{1, kW}, {4, kL}, {1024, kW}}), 64);
  EXPECT_EQ(next_m(std::vector<Finding>{{1, kW}, {16, kU}, {256, kL}}), 4);
}

/// Whatever the truth, five bisections never ask for a size twice or outside, and with one edge the
/// bracket holds it and is at most 1.1 wide.
TEST(NextM, FindsAnEdgeThatIsKnown) {
  for (std::int64_t edge = 2; edge <= 4096; edge += 7) {
    std::vector<Finding> findings;
    const auto state = [&](std::int64_t m) { return m < edge ? kW : kL; };
    for (const std::int64_t m : {1, 4, 16, 64, 256, 1024, 4096}) findings.push_back({m, state(m)});
    std::set<std::int64_t> asked;
    for (int i = 0; i < kMostBisections; ++i) {
      const auto m = next_m(findings);
      if (!m) break;
      ASSERT_TRUE(asked.insert(*m).second) << *m;
      ASSERT_GT(*m, 1);
      ASSERT_LT(*m, 4096);
      findings.push_back({*m, state(*m)});
      std::sort(findings.begin(), findings.end(),
                [](const Finding& a, const Finding& b) { return a.m < b.m; });
    }
    const BreakEven found = break_even(findings);
    ASSERT_EQ(found.edges.size(), 1U) << edge;
    EXPECT_LT(found.edges[0].low, edge);
    EXPECT_GE(found.edges[0].high, edge);
    const auto low = static_cast<double>(found.edges[0].low);
    const auto high = static_cast<double>(found.edges[0].high);
    EXPECT_TRUE(high <= 1.1 * low || high - low <= 8) << low << " " << high;
  }
}

}  // namespace
}  // namespace twofour::decide
