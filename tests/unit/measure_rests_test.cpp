// Rests between samples, while a device is held back by its power limit.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstddef>
#include <numeric>
#include <optional>
#include <vector>

#include "measure/measure.h"
#include "measure_sampling.h"

namespace twofour::measure {
namespace {

using ::testing::Each;
using ::testing::SizeIs;

class RestsTest : public SamplingFixture {};

TEST_F(RestsTest, ADeviceThatIsHeldBackRestsAfterEachSample) {
  add(constant(1e-3), 1, 0, true);
  add(constant(2e-3));
  std::vector<double> rests;
  MeasureConfig config{.max_time_s = 10, .min_time_s = 0};
  config.rests = {.share = 0.25,
                  .wanted = [] { return true; },
                  .take =
                      [&](double seconds) {
                        rests.push_back(seconds);
                        world_.now_s += seconds;
                      }};
  const Sampling sampling = sample(config);
  double sampled_s = 0;
  std::size_t count = 0;
  for (const Samples& samples : sampling.samples) {
    EXPECT_EQ(samples.rest_share, 0.25);
    count += samples.device_s.size();
    for (const double s : samples.device_s) {
      sampled_s += s * static_cast<double>(samples.launches_per_sample);
    }
  }
  EXPECT_THAT(rests, SizeIs(count));
  EXPECT_NEAR(std::accumulate(rests.begin(), rests.end(), 0.0), sampled_s / 4, 1e-9);
  EXPECT_NEAR(sampling.spent_s[0] + sampling.spent_s[1], world_.now_s, 1e-9);
}

TEST_F(RestsTest, RoundsBeforeTheRestsAreDropped) {
  bool resting = false;
  int asked = 0;
  add([&](int) { return resting ? 1e-3 : 1.3e-3; }, 1, 0, true);
  add([&](int) { return resting ? 2e-3 : 2.9e-3; });
  MeasureConfig config{.max_time_s = 10, .min_rounds = 8, .min_time_s = 0};
  config.rests.wanted = [&] { return resting = ++asked > 4; };
  config.rests.take = [&](double seconds) { world_.now_s += seconds; };
  const Sampling sampling = sample(config);
  EXPECT_EQ(asked, 5) << "rests do not end";
  EXPECT_THAT(sampling.stopped, Each(StopReason::kPrecise));
  for (const Samples& samples : sampling.samples) {
    EXPECT_THAT(samples.device_s, SizeIs(8)) << "looks count anew";
    EXPECT_THAT(samples.host_s, SizeIs(8));
    EXPECT_EQ(samples.rest_share, 0.5);
  }
  EXPECT_THAT(sampling.samples[0].device_s, Each(1e-3));
  EXPECT_THAT(sampling.samples[1].device_s, Each(2e-3));
}

TEST_F(RestsTest, OneThatLeftBeforeTheRestsIsSampledAnew) {
  bool resting = false;
  int asked = 0;
  add(constant(1e-3), 1, 0, true);
  add(restless(1e-3));
  add([&](int) { return resting ? 1e-3 : 1.3e-3; }, 1, 1, true);
  MeasureConfig config{.max_time_s = 10, .min_time_s = 0};
  config.rests.wanted = [&] { return resting = ++asked > 11; };
  config.rests.take = [&](double seconds) { world_.now_s += seconds; };
  const Sampling sampling = sample(config);
  EXPECT_EQ(asked, 12) << "after the warm-up, and after 11 rounds";
  EXPECT_EQ(sampling.stopped[2], StopReason::kPrecise);
  EXPECT_EQ(sampling.samples[2].rest_share, 0.5);
  EXPECT_THAT(sampling.samples[2].device_s, Each(1e-3)) << "it had left after 8 rounds";
}

TEST_F(RestsTest, RestsThatAreWantedAtOnceDropNothing) {
  PretendLoop& loop = add(constant(1e-3), 1, 0, true);
  loop.set_warmed_up(true);
  int rests = 0;
  MeasureConfig config{.max_time_s = 0.5, .min_time_s = 0};
  config.rests = {.wanted = [] { return true; }, .take = [&](double /*seconds*/) { ++rests; }};
  const Sampling sampling = sample(config);
  EXPECT_THAT(sampling.samples[0].device_s, SizeIs(8));
  EXPECT_EQ(rests, 8) << "one for each round, and none in the warm-up";
  EXPECT_THAT(loop.calls, SizeIs(8 + 1)) << "one to calibrate";
}

TEST_F(RestsTest, TheEffectiveClockIsTheMedianOfTheSamplesThatStay) {
  bool resting = false;
  int asked = 0;
  add([](int) { return 1e-3; }, 1, 0, true);
  add([](int) { return 2e-3; });
  // Some samples do not tell it, and those before the rests had another one.
  loops_[0]->clock_mhz = [&](int call) {
    return call % 2 == 0 ? std::nullopt : std::optional(resting ? 1900.0 : 1500.0);
  };
  MeasureConfig config{.max_time_s = 10, .min_rounds = 8, .min_time_s = 0};
  config.rests.wanted = [&] { return resting = ++asked > 4; };
  config.rests.take = [&](double seconds) { world_.now_s += seconds; };
  const Sampling sampling = sample(config);
  EXPECT_THAT(sampling.effective_mhz, ::testing::ElementsAre(1900.0, std::nullopt));
}

TEST_F(RestsTest, RestsDoNotBeginLate) {
  add(restless(1e-3));
  MeasureConfig config{.max_time_s = 2};
  config.rests.wanted = [&] { return world_.now_s >= 1; };
  const Sampling half = sample(config);
  EXPECT_EQ(half.samples[0].rest_share, 0);

  // Nor once a contender has left.
  add(constant(1e-3), 1, 1);
  world_.now_s = 0;
  config.rests.wanted = [&] { return world_.now_s >= 0.5; };
  const Sampling left = sample(config);
  EXPECT_EQ(left.stopped[1], StopReason::kPrecise);
  EXPECT_EQ(left.samples[0].rest_share, 0);
}

}  // namespace
}  // namespace twofour::measure
