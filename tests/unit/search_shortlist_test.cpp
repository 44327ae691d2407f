// What a search hands on to its relatives.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>
#include <string>
#include <vector>

#include "providers/shortlist.h"

namespace twofour::providers {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using Names = std::vector<std::string>;

TEST(Shortlists, HandTheBestFinalistsToTheFamily) {
  Shortlists lists;
  EXPECT_THAT(lists.find("fp8 1x2x3"), IsEmpty());
  lists.keep("fp8 1x2x3", Names{"d", "b", "a", "c", "e"});
  EXPECT_THAT(lists.find("fp8 1x2x3"), ElementsAre("d", "b", "a"));
  EXPECT_THAT(lists.find("fp8 1x2x4"), IsEmpty());
}

TEST(Shortlists, StayThoseOfTheFullSearch) {
  Shortlists lists;
  lists.keep("family", Names{"a", "b", "c"});
  // A relative had only these three to choose from.
  lists.keep("family", Names{"b", "c", "a"});
  EXPECT_THAT(lists.find("family"), ElementsAre("a", "b", "c"));
}

TEST(Contestants, AreThoseThatDidNotCostAGpu) {
  const Names names{"a", "b", "c", "d"};
  EXPECT_THAT(without(Names{"c", "a", "x"}, names), ElementsAre(1, 3));
  EXPECT_THAT(without({}, names), ElementsAre(0, 1, 2, 3));
  EXPECT_THAT(without(names, names), IsEmpty());
}

TEST(Contestants, AreTheShortlistedInItsOrder) {
  const Names names{"a", "b", "c", "d"};
  EXPECT_THAT(contestants(names, Names{"d", "b"}), ElementsAre(3, 1));
  EXPECT_THAT(contestants(names, Names{"x", "c", "a"}), ElementsAre(2, 0));
}

TEST(Contestants, AreAllWhereTheShortlistMakesNoRace) {
  const Names names{"a", "b", "c"};
  EXPECT_THAT(contestants(names, {}), ElementsAre(0, 1, 2));
  EXPECT_THAT(contestants(names, Names{"x", "b"}), ElementsAre(0, 1, 2));
  EXPECT_THAT(contestants(Names{}, Names{"a"}), IsEmpty());
}

TEST(Neighbours, AreOfOneRegimeAndOneAlignment) {
  EXPECT_TRUE(are_neighbours(16, 1)) << "one tile of rows";
  EXPECT_TRUE(are_neighbours(64, 16));
  EXPECT_TRUE(are_neighbours(256, 512));
  EXPECT_TRUE(are_neighbours(4096, 1024));
  EXPECT_FALSE(are_neighbours(128, 64)) << "another regime";
  EXPECT_FALSE(are_neighbours(1024, 512)) << "another regime";
  EXPECT_FALSE(are_neighbours(100, 96)) << "another alignment";
  EXPECT_TRUE(are_neighbours(100, 108)) << "both a multiple of 4";
  EXPECT_FALSE(are_neighbours(33, 32)) << "another alignment";
  EXPECT_FALSE(are_neighbours(32, 1)) << "too far";
  EXPECT_FALSE(are_neighbours(16, 0));
}

TEST(Neighbours, TheNearestIsFollowed) {
  Neighbours neighbours;
  EXPECT_FALSE(neighbours.find("line", 256));
  neighbours.keep("line", 128, Names{"a", "b"});
  neighbours.keep("line", 512, Names{"c", "d"});
  neighbours.keep("line", 1024, Names{"e", "f"});
  EXPECT_EQ(neighbours.find("line", 256)->m, 128) << "of two as near the one with fewer rows";
  EXPECT_EQ(neighbours.find("line", 384)->m, 512);
  EXPECT_THAT(neighbours.find("line", 384)->names, ElementsAre("c", "d"));
  EXPECT_EQ(neighbours.find("line", 2048)->m, 1024);
  EXPECT_FALSE(neighbours.find("line", 64)) << "another regime";
  EXPECT_FALSE(neighbours.find("other line", 256));
}

TEST(Neighbours, HandOnTheirBestOfTheFirstSearch) {
  Neighbours neighbours;
  neighbours.keep("line", 128, Names{"a", "b", "c", "d", "e"});
  neighbours.keep("line", 128, Names{"x", "y"});
  EXPECT_THAT(neighbours.find("line", 128)->names, ElementsAre("a", "b", "c", "d"));
}

Names numbered(std::size_t count) {
  Names names;
  for (std::size_t i = 0; i < count; ++i) names.push_back("k" + std::to_string(i));
  return names;
}

TEST(LedBy, FinalistsComeFirstThenProbesThenTheRest) {
  const LedBy led = led_by(numbered(32), {}, Names{"k20", "k1", "gone", "k9"});
  EXPECT_EQ(led.head.shortlisted, 3U);
  EXPECT_EQ(led.head.probes, 8U);
  const std::vector<std::size_t> head(led.order.begin(), led.order.begin() + 11);
  EXPECT_THAT(head, ElementsAre(20, 1, 9, 0, 2, 3, 4, 5, 8, 16, 24));
  EXPECT_THAT(led.order, testing::SizeIs(32));
  EXPECT_THAT(std::set<std::size_t>(led.order.begin(), led.order.end()), testing::SizeIs(32));
}

TEST(LedBy, ProbesAreOfOtherKernels) {
  std::vector<std::size_t> groups(40);
  for (std::size_t i = 0; i < groups.size(); ++i) groups[i] = i / 4;
  const LedBy led = led_by(numbered(40), groups, Names{"k1", "k6"});
  const std::vector<std::size_t> probes(led.order.begin() + 2, led.order.begin() + 7);
  EXPECT_THAT(probes, ElementsAre(8, 12, 16, 20, 24));
}

TEST(LedBy, TheNeighbourDoesNotHelpWhereItsWinnerIsNotThere) {
  for (const Names& finalists : {Names{"gone", "k1", "k2"}, Names{"k1", "gone"}, Names{}}) {
    const LedBy led = led_by(numbered(32), {}, finalists);
    EXPECT_EQ(led.head.count(), 0U);
    EXPECT_EQ(led.order.front(), 0U);
    EXPECT_THAT(led.order, testing::SizeIs(32));
  }
  EXPECT_GT(led_by(numbered(20), {}, Names{"k1", "k2"}).head.count(), 0U);
  EXPECT_EQ(led_by(numbered(19), {}, Names{"k1", "k2"}).head.count(), 0U) << "too few to save";
}

}  // namespace
}  // namespace twofour::providers
