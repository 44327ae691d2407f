// Which cases a shard has, and what goes together.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <numeric>

#include "run/case_queue.h"
#include "run/shards.h"

namespace twofour::run {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Optional;

std::vector<workload::Case> model_cases() {
  workload::Model model{.name = "m",
                        .layers = {{.name = "a", .k = 64, .n = 64, .split = 'n'},
                                   {.name = "b", .k = 64, .n = 128, .split = 'n'},
                                   {.name = "c", .k = 128, .n = 64, .split = 'k'}}};
  return workload::model_cases({model}, {1, 16}, {1});
}

std::vector<workload::Case> squares(int count) {
  return workload::square_cases({.start = 1, .end = count, .increment = 1});
}

TEST(CaseGroups, HaveAllMOfALayer) {
  EXPECT_THAT(case_groups(model_cases(), 3),
              ElementsAre(ElementsAre(0, 3), ElementsAre(1, 4), ElementsAre(2, 5)));
}

TEST(CaseGroups, AreSingleCasesWhereTheyWouldBeTooFew) {
  EXPECT_EQ(case_groups(model_cases(), 4).size(), 6U);
  const auto by_m =
      workload::range_cases({.start = 1, .end = 5, .increment = 1}, {.k = 64, .n = 64});
  EXPECT_THAT(case_groups(by_m, 1), ElementsAre(ElementsAre(0, 1, 2, 3)));
  EXPECT_EQ(case_groups(by_m, 2).size(), 4U);
}

TEST(Shards, TogetherAreTheWholeAndEachCaseIsInOne) {
  for (const auto& cases : {squares(7), model_cases(), squares(100)}) {
    for (const int count : {1, 2, 3, 7, 64, 1000}) {
      std::map<int, int> times;
      for (int number = 1; number <= count; ++number) {
        for (const int place : cases_of({number, count}, cases)) ++times[place];
      }
      EXPECT_EQ(times.size(), cases.size()) << count;
      for (const auto& [place, n] : times) EXPECT_EQ(n, 1) << place << " of " << count;
    }
  }
}

TEST(Shards, CountFromOne) {
  EXPECT_THAT(cases_of({1, 3}, squares(7)), ElementsAre(0, 3, 6));
  EXPECT_THAT(cases_of({3, 3}, squares(7)), ElementsAre(2, 5));
  EXPECT_THAT(cases_of({8, 8}, squares(7)), IsEmpty());
}

/// Gives what the test put in.
class Scripted final : public CaseSource {
 public:
  std::optional<std::vector<int>> more() override {
    if (answers.empty()) return std::nullopt;
    const Answer answer = answers.front();
    answers.pop_front();
    if (answer.none) return std::nullopt;
    return answer.cases;
  }
  struct Answer {
    std::vector<int> cases = {};
    bool none = false;
  };
  std::deque<Answer> answers;
};

TEST(CaseQueue, WithoutASourceHasAllThatCanBeMeasured) {
  CaseQueue queue(nullptr);
  EXPECT_TRUE(queue.over());
  queue.start({3, 5});
  EXPECT_FALSE(queue.over());
  EXPECT_THAT(queue.next(), Optional(3));
  EXPECT_THAT(queue.next(), Optional(5));
  EXPECT_EQ(queue.next(), std::nullopt);
  EXPECT_TRUE(queue.over());
}

TEST(CaseQueue, AsksItsSourceAndPassesOverWhatIsDone) {
  Scripted source;
  CaseQueue queue(&source);
  queue.start({0, 1, 4});
  EXPECT_EQ(queue.next(), std::nullopt);
  EXPECT_FALSE(queue.over());
  source.answers = {{.cases = {2, 3}}, {.cases = {1, 4}}, {.none = true}, {}};
  EXPECT_THAT(queue.next(), Optional(1));
  EXPECT_THAT(queue.next(), Optional(4));
  EXPECT_EQ(queue.next(), std::nullopt);
  EXPECT_FALSE(queue.over());
  EXPECT_EQ(queue.next(), std::nullopt);
  EXPECT_TRUE(queue.over());
}

TEST(CaseQueue, GivesANewProcessWhatTheLastOneHadNotDone) {
  Scripted source;
  source.answers = {{.cases = {0, 1, 2}}};
  CaseQueue queue(&source);
  queue.start({0, 1, 2});
  EXPECT_THAT(queue.next(), Optional(0));
  EXPECT_THAT(queue.next(), Optional(1));
  queue.start({1, 2});  // the process ended in case 1, whose row is not there
  EXPECT_THAT(queue.next(), Optional(1));
  EXPECT_THAT(queue.next(), Optional(2));
  EXPECT_EQ(queue.next(), std::nullopt);
}

}  // namespace
}  // namespace twofour::run
