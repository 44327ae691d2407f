#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <stdexcept>

#include "app/losses.h"

namespace twofour::app {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

const std::vector<Loss> kLosses{{3, "mm", "a"}, {4, "mm", "b"}, {4, "sparse", "c"}, {4, "mm", "d"}};

TEST(Losses, BelongToARowAndToACase) {
  EXPECT_THAT(lost_by(kLosses, 4, "mm"), ElementsAre("b", "d"));
  EXPECT_THAT(lost_by(kLosses, 3, "sparse"), IsEmpty());
  EXPECT_THAT(losses_of_case(kLosses, 3), ElementsAre(kLosses[0]));
  EXPECT_THAT(losses_of_case(kLosses, 5), IsEmpty());
}

TEST(Losses, AreThreeForARowAtMost) {
  std::vector<Loss> losses;
  EXPECT_TRUE(add_loss(losses, {0, "mm", "a"}));
  EXPECT_TRUE(add_loss(losses, {0, "mm", "b"}));
  EXPECT_TRUE(add_loss(losses, {0, "sparse", "a"}));
  EXPECT_TRUE(add_loss(losses, {1, "mm", "a"}));
  EXPECT_FALSE(add_loss(losses, {0, "mm", "c"}));
  // Also where the same one is lost again, although it was to be left out.
  EXPECT_FALSE(add_loss(losses, {0, "mm", "b"}));
  EXPECT_EQ(losses.size(), 4U);
}

TEST(Losses, SurviveTheirText) {
  const std::vector<Loss> odd{{7, "mm", "tile \"8x8\"\n=1"}};
  EXPECT_EQ(parse_losses(to_text(odd)), odd);
  EXPECT_EQ(parse_losses(to_text(kLosses)), kLosses);
  EXPECT_THAT(parse_losses(to_text({})), IsEmpty());
  EXPECT_THAT(parse_losses(""), IsEmpty());
  // What a library calls its algorithm need not be UTF-8.
  EXPECT_EQ(parse_losses(to_text(std::vector<Loss>{{0, "mm", "\xff"}}))[0].algorithm,
            "\xEF\xBF\xBD");
}

TEST(Losses, OfAnotherKindAreRefused) {
  for (const char* text : {"x", "3", R"([{"case_index": 1}])", R"([1])",
                           R"([{"case_index": "1", "kernel": "k", "algorithm": "a"}])"}) {
    EXPECT_THROW(parse_losses(text), std::invalid_argument) << text;
  }
}

}  // namespace
}  // namespace twofour::app
