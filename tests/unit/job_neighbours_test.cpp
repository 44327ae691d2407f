// What the devices of one host tell each other: winners of searches, and when to begin.
#include "job/neighbours.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>
#include <vector>

namespace twofour::job {
namespace {

constexpr Sharing kWinners{.winners = true, .together = false};
constexpr Sharing kTogether{.winners = false, .together = true};
const std::stop_token kNever;

TEST(Neighbours, UseWhatTheFirstOfTheirKindFinds) {
  const Board board(3);
  Winners winners;
  const std::vector<int> kinds{0, 0, 1};
  Neighbours first(board, winners, 0, kinds, kWinners);
  Neighbours second(board, winners, 1, kinds, kWinners);
  Neighbours other(board, winners, 2, kinds, kWinners);
  EXPECT_EQ(first.winner(7, "kernel", kNever), "");
  first.found(7, "kernel", "tile 128 x 64");
  EXPECT_EQ(second.winner(7, "kernel", kNever), "tile 128 x 64");
  EXPECT_EQ(other.winner(7, "kernel", kNever), "");  // the first of its kind
  first.searched(7);
  EXPECT_EQ(second.winner(7, "another", kNever), "");
  EXPECT_EQ(second.winner(7, "kernel", kNever), "tile 128 x 64");
}

TEST(Neighbours, SearchWhereTheFirstIsLost) {
  const Board board(2);
  Winners winners;
  Neighbours second(board, winners, 1, {0, 0}, kWinners);
  std::string found = "nothing yet";
  std::jthread waiting([&] { found = second.winner(3, "kernel", kNever); });
  board.rank(0).alive = false;
  waiting.join();
  EXPECT_EQ(found, "");
  second.found(3, "kernel", "own");
  EXPECT_EQ(second.winner(3, "kernel", kNever), "own");
}

TEST(Neighbours, BeginAtOnceAndTellTheSameSkew) {
  const Board board(2);
  Winners winners_of_first;
  Winners winners_of_second;
  std::optional<Together> met[2];
  const auto measure = [&](int rank, Winners& winners) {
    Neighbours neighbours(board, winners, rank, {0, 0}, kTogether);
    neighbours.begin_case(4, kNever);
    neighbours.meet(4, kNever);
    neighbours.meet(4, kNever);
    met[rank] = neighbours.met();
    neighbours.end();
  };
  {
    std::jthread first([&] { measure(0, winners_of_first); });
    std::jthread second([&] { measure(1, winners_of_second); });
  }
  ASSERT_TRUE(met[0] && met[1]);
  EXPECT_EQ(met[0]->devices, 2);
  EXPECT_GE(met[0]->skew_s, 0);
  EXPECT_EQ(met[0]->skew_s, met[1]->skew_s);
}

TEST(Neighbours, WaitForNobodyWhoIsLostOrDone) {
  const Board board(3);
  Winners winners;
  Neighbours first(board, winners, 0, {0, 0, 0}, kTogether);
  Neighbours done(board, winners, 1, {0, 0, 0}, kTogether);
  done.end();
  board.rank(2).alive = false;
  first.begin_case(0, kNever);
  first.meet(0, kNever);
  EXPECT_EQ(first.met(), std::nullopt);
}

TEST(Neighbours, WaitNoLongerWhereAStopIsRequested) {
  const Board board(2);
  Winners winners;
  std::stop_source stop;
  Neighbours second(board, winners, 1, {0, 0}, {.winners = true, .together = true});
  std::jthread waiting([&] {
    second.begin_case(0, stop.get_token());
    EXPECT_EQ(second.winner(0, "kernel", stop.get_token()), "");
    second.meet(0, stop.get_token());
  });
  stop.request_stop();
  waiting.join();
  EXPECT_EQ(second.met(), std::nullopt);
}

}  // namespace
}  // namespace twofour::job
