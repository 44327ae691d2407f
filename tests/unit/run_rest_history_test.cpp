#include <gtest/gtest.h>

#include "run/rest_history.h"

namespace twofour::run {
namespace {

TEST(RestHistory, ExpectsNothingBeforeAnythingWasSeen) {
  const RestHistory history;
  EXPECT_FALSE(history.expects("gpu", 4096));
}

TEST(RestHistory, ExpectsRestsAfterThreeCasesInARow) {
  RestHistory history;
  for (const bool rested : {true, true, false, true, true}) history.note("gpu", 128, rested);
  EXPECT_FALSE(history.expects("gpu", 128)) << "one in between did without";
  history.note("gpu", 128, true);
  EXPECT_TRUE(history.expects("gpu", 128));
  EXPECT_TRUE(history.expects("gpu", 512)) << "more rows take more power";
  EXPECT_FALSE(history.expects("gpu", 64));
  EXPECT_FALSE(history.expects("another gpu", 128));
}

TEST(RestHistory, CasesOfOtherRowsAreOtherRows) {
  RestHistory history;
  history.note("gpu", 64, true);
  history.note("gpu", 128, true);
  history.note("gpu", 256, true);
  EXPECT_FALSE(history.expects("gpu", 256));
}

}  // namespace
}  // namespace twofour::run
