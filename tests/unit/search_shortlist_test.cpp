// What a search hands on to its relatives.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

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

}  // namespace
}  // namespace twofour::providers
