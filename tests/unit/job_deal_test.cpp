// Cases that ranks of one host are dealt, and what becomes of those of a rank that is lost.
#include "job/deal.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

namespace twofour::job {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Optional;

TEST(Deal, GivesEachGroupOnce) {
  const Board board(2);
  Deal deal(board, {{0, 2}, {1}, {3}}, 4);
  EXPECT_THAT(deal.take(0), Optional(ElementsAre(0, 2)));
  EXPECT_THAT(deal.take(1), Optional(ElementsAre(1)));
  EXPECT_THAT(deal.take(0), Optional(ElementsAre(3)));
  EXPECT_EQ(deal.left(), 4U);
  // The other one has some that it may leave.
  EXPECT_EQ(deal.take(1), std::nullopt);
  for (const int index : {0, 2, 3}) deal.done(0, index);
  deal.done(1, 1);
  EXPECT_EQ(deal.left(), 0U);
  EXPECT_THAT(deal.take(0), Optional(IsEmpty()));
  EXPECT_EQ(deal.done_by(1), 1);
}

TEST(Deal, GivesToOthersWhatALostRankHasNotDone) {
  const Board board(2);
  Deal deal(board, {{0, 2}, {1}}, 3);
  ASSERT_THAT(deal.take(0), Optional(ElementsAre(0, 2)));
  ASSERT_THAT(deal.take(1), Optional(ElementsAre(1)));
  deal.done(0, 0);
  deal.done(1, 1);
  EXPECT_EQ(deal.take(1), std::nullopt);
  EXPECT_EQ(deal.release(0), 1U);
  board.rank(0).alive = false;
  EXPECT_THAT(deal.take(1), Optional(ElementsAre(2)));
  deal.done(1, 2);
  EXPECT_EQ(deal.done_by(0), 0);
  EXPECT_EQ(deal.done_by(2), 1);
  EXPECT_THAT(deal.take(1), Optional(IsEmpty()));
}

TEST(Deal, IsOverWhereNobodyIsLeftToLeaveSomething) {
  const Board board(2);
  Deal deal(board, {{0}, {1}}, 2);
  ASSERT_THAT(deal.take(0), Optional(ElementsAre(0)));
  ASSERT_THAT(deal.take(1), Optional(ElementsAre(1)));
  deal.done(1, 1);
  board.rank(0).alive = false;  // and it gave nothing back
  EXPECT_THAT(deal.take(1), Optional(IsEmpty()));
  EXPECT_EQ(deal.left(), 1U);
}

TEST(Deal, PassesOverWhatIsThereAlready) {
  const Board board(2);
  Deal deal(board, {{0, 1}, {2}}, 4);
  deal.needs_nobody(0, 0);
  deal.needs_nobody(0, 2);
  deal.needs_nobody(1, 2);
  deal.needs_nobody(0, 3);  // in no group
  EXPECT_EQ(deal.left(), 1U);
  EXPECT_THAT(deal.take(0), Optional(ElementsAre(1)));
  EXPECT_EQ(deal.done_by(2), std::nullopt);
}

}  // namespace
}  // namespace twofour::job
