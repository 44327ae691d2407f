#include "run/rest_history.h"

#include <gtest/gtest.h>

#include <cstdint>

#include "run_fixture.h"

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

class RestingRun : public RunTest {
 protected:
  double rest_share(std::int64_t rows, bool held_back) {
    c.shape.m = rows;
    device.set_held_back(held_back);
    return of(run({dense_kernel("dense", 2e-3)}), "dense").samples->rest_share;
  }
};

TEST_F(RestingRun, CasesAfterThreeThatRestedDoSoFromTheStart) {
  config.measure.rests.take = [](double /*seconds*/) {};
  constexpr std::int64_t kRows = 1000;  // of no other test's case
  for (int i = 0; i < RestHistory::kCases; ++i) EXPECT_GT(rest_share(kRows, true), 0);
  EXPECT_GT(rest_share(kRows, false), 0) << "nobody asks the device";
  EXPECT_GT(rest_share(kRows + 1, false), 0);
  EXPECT_EQ(rest_share(kRows - 1, false), 0);
}

}  // namespace
}  // namespace twofour::run
