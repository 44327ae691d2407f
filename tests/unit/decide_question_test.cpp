#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <stdexcept>

#include "decide/question.h"

namespace twofour::decide {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

std::string message(std::string_view text) {
  try {
    (void)parse_traffic(text);
  } catch (const std::invalid_argument& error) {
    return error.what();
  }
  return "nothing is wrong";
}

TEST(Traffic, IsReadWithNamesThatMayHoldColons) {
  const auto mix = parse_traffic("decode:64x0.8,pre:fill:2048x0.2");
  ASSERT_EQ(mix.size(), 2U);
  EXPECT_EQ(mix[0].name, "decode");
  EXPECT_EQ(mix[0].tokens, 64);
  EXPECT_EQ(mix[0].share, 0.8);
  EXPECT_EQ(mix[1].name, "pre:fill");
  EXPECT_EQ(mix[1].tokens, 2048);
  EXPECT_EQ(parse_traffic("a:1x1").size(), 1U);
  EXPECT_EQ(parse_traffic("a:1x0.3333333,b:2x0.3333333,c:3x0.3333334").size(), 3U);
}

TEST(Traffic, SharesMustSumToOne) {
  EXPECT_EQ(message("a:1x0.5,b:2x0.4"),
            "'a:1x0.5,b:2x0.4' has shares that sum to 0.9; they must sum to 1");
  EXPECT_THAT(message("a:1x1,b:2x1"), HasSubstr("sum to 2"));
}

TEST(Traffic, SaysWhichPartIsWrong) {
  for (const char* part : {"", "a", "a:64", ":64x1", "a:0x1", "a:64x0", "a:64x-1", "a:64x1.5",
                           "a:x1", "a:64x", "a:6 4x1", "a:268435457x1", "a:64xnan", "a:1.5x1"}) {
    EXPECT_THAT(message(part), StartsWith("'" + std::string(part) + "' is not NAME:BxSHARE"))
        << part;
  }
  EXPECT_THAT(message("a:1x0.5,"), StartsWith("'' is not NAME:BxSHARE"));
  EXPECT_EQ(message("a:1x0.5,a:2x0.5"), "'a' is given twice");
}

}  // namespace
}  // namespace twofour::decide
