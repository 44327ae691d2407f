#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <map>
#include <memory>
#include <numeric>
#include <set>
#include <stdexcept>
#include <utility>
#include <vector>

#include "device/device_lost.h"
#include "measure/measure.h"
#include "measure/stopping.h"
#include "measure_sampling.h"

namespace twofour::measure {
namespace {

using ::testing::Each;
using ::testing::SizeIs;

class SamplingTest : public SamplingFixture {};

TEST_F(SamplingTest, StopsAtTheFirstLookWhereNothingVaries) {
  add(constant(1e-3), 1, 0, true);
  add(constant(2e-3));
  const Sampling sampling = sample({.min_rounds = 8, .min_time_s = 0});
  EXPECT_THAT(sampling.stopped, Each(StopReason::kPrecise));
  for (const Samples& samples : sampling.samples) {
    EXPECT_THAT(samples.device_s, SizeIs(8));
    EXPECT_THAT(samples.host_s, SizeIs(8));
  }
  EXPECT_DOUBLE_EQ(sampling.samples[0].device_s[3], 1e-3);
  EXPECT_DOUBLE_EQ(sampling.samples[1].device_s[3], 2e-3);
  EXPECT_DOUBLE_EQ(sampling.samples[1].host_s[3], 0.5e-3);
}

TEST_F(SamplingTest, StopsAtTheSecondLookWhereTheFirstMayBeLuck) {
  // Ratios within 0.7 %: narrow, but not by a factor of two.
  add(constant(2e-3), 1, 0, true);
  add([](int call) { return call % 2 == 0 ? 1e-3 : 1.014e-3; });
  const Sampling sampling = sample({.min_rounds = 8, .min_time_s = 0});
  EXPECT_THAT(sampling.stopped, Each(StopReason::kPrecise));
  EXPECT_THAT(sampling.samples[1].device_s, SizeIs(12));
  EXPECT_THAT(sampling.samples[0].device_s, SizeIs(12)) << "the ratio sought divides by it";
}

TEST_F(SamplingTest, ADenseOneThatIsBehindLeavesToo) {
  add(constant(1e-3), 1, 0, true);
  add(constant(1.02e-3), 1, 0, true);
  add(constant(1.005e-3), 1, 0, true);
  add(restless(0.5e-3));
  const Sampling sampling = sample({.max_time_s = 1, .min_time_s = 0});
  EXPECT_EQ(sampling.stopped[1], StopReason::kPrecise);
  EXPECT_THAT(sampling.samples[1].device_s, SizeIs(8)) << "more than 1 % behind, for sure";
  const std::size_t rounds = sampling.samples[3].device_s.size();
  EXPECT_GT(rounds, 50U);
  EXPECT_THAT(sampling.samples[0].device_s, SizeIs(rounds));
  EXPECT_THAT(sampling.samples[2].device_s, SizeIs(rounds)) << "it may yet be the baseline";
}

TEST_F(SamplingTest, OneThatLeftBeforeAllBecameSlowIsNotTheBaselineForThat) {
  // All become slower by half after 20 rounds; the second has left by then, with a lower median.
  const auto slowing = [](double launch_s) {
    return [=](int call) { return (call < 20 ? 1 : 1.5) * launch_s; };
  };
  add(slowing(1e-3), 1, 0, true);
  add(slowing(1.02e-3), 1, 0, true);
  add([](int call) { return (call < 20 ? 1 : 1.5) * (call % 2 == 0 ? 0.5e-3 : 5e-3); });
  const Sampling sampling = sample({.max_time_s = 1, .min_time_s = 0});
  EXPECT_LT(sampling.samples[1].device_s.size(), 20U);
  EXPECT_EQ(sampling.samples[0].device_s.size(), sampling.samples[2].device_s.size())
      << "the ratio sought divides by the first one";
}

TEST_F(SamplingTest, GoesOnForTheLeastTime) {
  add(constant(20e-3));
  const Sampling sampling = sample({.min_rounds = 8, .min_time_s = 1});
  EXPECT_GE(sampling.samples[0].device_s.size(), 50U);
  EXPECT_THAT(sampling.stopped, Each(StopReason::kPrecise));
}

TEST_F(SamplingTest, EachRoundHasEveryLoopOnceInAnOrderOfItsOwn) {
  for (int i = 0; i < 4; ++i) add(restless(1e-3));
  const Sampling sampling = sample({.max_time_s = 2, .seed = 3});
  const std::size_t rounds = sampling.samples[0].device_s.size();
  ASSERT_GT(rounds, 20U);
  std::set<std::vector<int>> orders;
  std::map<int, int> first;
  for (const auto& order : last_rounds(rounds)) {
    EXPECT_THAT(order, ::testing::UnorderedElementsAre(0, 1, 2, 3));
    orders.insert(order);
    ++first[order.front()];
  }
  EXPECT_GT(orders.size(), 10U);
  EXPECT_EQ(first.size(), 4U) << "each loop comes first at times";
}

TEST_F(SamplingTest, TheSeedDecidesTheOrder) {
  for (int i = 0; i < 4; ++i) add(constant(1e-3));
  std::vector<std::vector<int>> orders;
  for (const std::uint64_t seed : {1U, 1U, 2U}) {
    world_.order.clear();
    sample({.seed = seed});
    orders.push_back(world_.order);
  }
  EXPECT_EQ(orders[0], orders[1]);
  EXPECT_NE(orders[0], orders[2]);
}

TEST_F(SamplingTest, ASampleIsAThousandTimesTheResolution) {
  const PretendLoop& loop = add(constant(1e-6));
  const Sampling sampling = sample({.max_time_s = 0.05, .min_time_s = 0});
  const std::int64_t launches = sampling.samples[0].launches_per_sample;
  EXPECT_GE(static_cast<double>(launches) * 1e-6, 1000 * kResolution_s);
  EXPECT_LE(static_cast<double>(launches) * 1e-6, 2000 * kResolution_s);
  EXPECT_EQ(loop.calls.back(), launches);
}

TEST_F(SamplingTest, ASampleIsAsLongAsAskedFor) {
  add(constant(1e-6));
  const Sampling sampling = sample({.max_time_s = 1, .min_sample_s = 3e-3});
  EXPECT_GE(sampling.samples[0].launches_per_sample, 3000);
  EXPECT_LE(sampling.samples[0].launches_per_sample, 6000);
}

TEST_F(SamplingTest, LaunchesAreMultiplesOfTheQuantum) {
  const PretendLoop& loop = add(constant(1e-6), 37);
  const Sampling sampling = sample({});
  EXPECT_EQ(sampling.samples[0].launches_per_sample % 37, 0);
  for (const std::int64_t launches : loop.calls) EXPECT_EQ(launches % 37, 0);
}

TEST_F(SamplingTest, ASlowFirstLaunchShortensNoSample) {
  add([](int call) { return call == 0 ? 0.5 : 1e-6; });
  const Sampling sampling = sample({.min_sample_s = 1e-3});
  EXPECT_GE(sampling.samples[0].launches_per_sample, 1000);
  EXPECT_THAT(sampling.samples[0].device_s, Each(::testing::DoubleNear(1e-6, 1e-12)));
}

TEST_F(SamplingTest, ALoopThatIsWarmedUpIsNotRunForThatAgain) {
  const auto one_launch_calls = [](const PretendLoop& loop) {
    return std::count(loop.calls.begin(), loop.calls.end(), 1);
  };
  const PretendLoop& cold = add(constant(1e-6));
  PretendLoop& warm = add(constant(1e-6));
  warm.set_warmed_up(true);
  sample({.min_sample_s = 1e-3});
  EXPECT_EQ(one_launch_calls(cold), 2);
  EXPECT_EQ(one_launch_calls(warm), 1);
}

TEST_F(SamplingTest, AWarmLoopThatIsLongEnoughForSureIsCalibratedOnce) {
  const auto calls_of = [&](double launch_s, bool warm) {
    contenders_.clear();
    PretendLoop& loop = add(constant(launch_s));
    loop.set_warmed_up(warm);
    const Sampling sampling = sample({.max_time_s = 0.5, .min_sample_s = 1e-3, .min_time_s = 0});
    return loop.calls.size() - sampling.samples[0].device_s.size();
  };
  EXPECT_EQ(calls_of(1.11e-3, true), 1U);
  EXPECT_EQ(calls_of(1.09e-3, true), 2U) << "it may be shorter at another clock";
  EXPECT_EQ(calls_of(1.11e-3, false), 3U) << "one to warm up, two to calibrate";
}

TEST_F(SamplingTest, ADisturbedCalibrationShortensNoSample) {
  // The second call, which calibrates, is preempted for a long while.
  add([](int call) { return call == 1 ? 5e-3 : 1e-6; });
  EXPECT_GE(sample({.min_sample_s = 1e-3}).samples[0].launches_per_sample, 1000);
}

TEST_F(SamplingTest, RoundsAreBoundedByLongerSamples) {
  add(restless(1e-6));
  const Sampling sampling = sample({.max_time_s = 10});
  EXPECT_LE(sampling.samples[0].device_s.size(), 1100U);
  EXPECT_THAT(sampling.stopped, Each(StopReason::kOutOfTime));
}

TEST_F(SamplingTest, EndsAtTheTimeLimit) {
  add(restless(0.1));
  add(restless(0.1));
  const Sampling sampling = sample({.max_time_s = 20});
  EXPECT_THAT(sampling.stopped, Each(StopReason::kOutOfTime));
  EXPECT_NEAR(world_.now_s, 20, 1.1);  // half of a round of 1.1 s on average, 2 s at most
  EXPECT_NEAR(sampling.spent_s[0] + sampling.spent_s[1], world_.now_s, 1e-9);
}

TEST_F(SamplingTest, TakesOneRoundWhateverTheTimeLimit) {
  add(constant(50));
  add(constant(1e-3));
  const Sampling sampling = sample({.max_time_s = 1});
  EXPECT_THAT(sampling.stopped, Each(StopReason::kOutOfTime)) << "one sample has no interval";
  for (const Samples& samples : sampling.samples) EXPECT_THAT(samples.device_s, SizeIs(1));
}

TEST_F(SamplingTest, ASlowLoopLeavesTheOthersLongSamplesAndHalfOfItsTime) {
  add(constant(0.1), 1, 0, true);
  add(constant(1e-5));
  add(constant(2e-5));
  const Sampling sampling = sample({.max_time_s = 6});
  // A sixth of the slow sample each.
  EXPECT_NEAR(static_cast<double>(sampling.samples[1].launches_per_sample) * 1e-5, 0.1 / 6, 1e-3);
  EXPECT_NEAR(static_cast<double>(sampling.samples[2].launches_per_sample) * 2e-5, 0.1 / 6, 1e-3);
  EXPECT_EQ(sampling.samples[0].launches_per_sample, 1);
  EXPECT_LE(sampling.spent_s[1] + sampling.spent_s[2], sampling.spent_s[0] / 2 + 0.1);
}

TEST_F(SamplingTest, ARatioMustBePreciseNotOnlyTheMedians) {
  // Each within 1 %, in opposite directions: the ratio is within 1.8 % only.
  add([](int call) { return call % 2 == 0 ? 1e-3 : 1.018e-3; }, 1, 0, true);
  add([](int call) { return call % 2 == 0 ? 1.018e-3 : 1e-3; });
  const Sampling sampling = sample({.max_time_s = 1});
  EXPECT_EQ(sampling.stopped[0], StopReason::kPrecise);
  EXPECT_EQ(sampling.stopped[1], StopReason::kOutOfTime);
}

/// A speed that changes for all at once: by `share`, each round.
std::function<double(int)> jumping(double launch_s, double share) {
  return [=](int call) { return call % 2 == 0 ? launch_s : (1 + share) * launch_s; };
}

TEST_F(SamplingTest, WhatSlowsAllAlikeLeavesTheRatioPrecise) {
  // Medians within 5 %, ratios all 2: sampled as long as there is time, and not for nothing.
  add(jumping(2e-3, 0.1), 1, 0, true);
  add(jumping(1e-3, 0.1));
  const Sampling sampling = sample({.max_time_s = 1});
  EXPECT_GT(sampling.samples[1].device_s.size(), 100U) << "totals use the time";
  EXPECT_EQ(sampling.stopped[1], StopReason::kPrecise) << "the row is for the ratio";
  EXPECT_EQ(sampling.stopped[0], StopReason::kOutOfTime) << "this one for the time";
}

TEST_F(SamplingTest, ATimeBesideARatioNeedBeOnlyHalfAsPrecise) {
  // Within 1.5 %.
  add(jumping(2e-3, 0.03), 1, 0, true);
  add(jumping(1e-3, 0.03));
  EXPECT_THAT(sample({.max_time_s = 1}).stopped, Each(StopReason::kPrecise));
  EXPECT_LT(world_.now_s, 0.5);
}

TEST_F(SamplingTest, ATimeIsAllThatRowsWithoutARatioAreFor) {
  add(jumping(1e-3, 0.03), 1, 0, true);
  add(jumping(1e-3, 0.03), 1, 1);
  EXPECT_THAT(sample({.max_time_s = 1}).stopped, Each(StopReason::kOutOfTime));
}

TEST_F(SamplingTest, AVerdictByAHairIsSampledFurther) {
  add(constant(1.002e-3), 1, 0, true);
  add(constant(1e-3));
  const std::size_t hair = sample({.min_time_s = 0}).samples[1].device_s.size();
  EXPECT_EQ(hair, 8U) << "a tie";
  contenders_.clear();
  add(constant(1.012e-3), 1, 0, true);
  add([](int call) { return call % 2 == 0 ? 1.008e-3 : 1e-3; });
  EXPECT_GT(sample({.max_time_s = 1, .min_time_s = 0}).samples[1].device_s.size(), 100U);
}

TEST_F(SamplingTest, ATwinIsNoBaselineAndTakesItsShare) {
  add(constant(2e-3), 1, 0, true);
  add(constant(1e-3), 1, 0, true);  // a twin that is faster, as nothing but a fault makes it
  contenders_[1].twin_of = 0;
  add(restless(1e-3));
  const Sampling sampling = sample({.max_time_s = 4});
  EXPECT_EQ(sampling.stopped[1], StopReason::kPrecise);
  EXPECT_EQ(sampling.samples[0].device_s.size(), sampling.samples[2].device_s.size())
      << "the ratio is to the first one";
  loops_.clear();
  contenders_.clear();
  world_ = {};
  add(constant(1e-3), 1, 0, true);
  add(restless(1e-3), 1, 0, true);
  contenders_[1].twin_of = 0;
  add(restless(1e-3));
  const Sampling noisy = sample({.max_time_s = 4});
  EXPECT_EQ(noisy.stopped[1], StopReason::kOutOfShare);
  EXPECT_LT(noisy.spent_s[1], 2 * kTwinShare * 4) << "looks are at rounds that grow by half";
  EXPECT_GE(noisy.samples[1].device_s.size(), 8U);
}

TEST_F(SamplingTest, OneThatIsPreciseLeavesTheTimeToTheOthers) {
  add(constant(1e-3), 1, 0, true);
  add(constant(2e-3));
  add(restless(1e-3));
  const Sampling sampling = sample({.max_time_s = 2});
  EXPECT_EQ(sampling.stopped[1], StopReason::kPrecise);
  EXPECT_EQ(sampling.stopped[2], StopReason::kOutOfTime);
  EXPECT_EQ(sampling.stopped[0], StopReason::kPrecise);
  const std::size_t rounds = sampling.samples[2].device_s.size();
  EXPECT_LT(sampling.samples[1].device_s.size(), rounds / 2);
  EXPECT_THAT(sampling.samples[0].device_s, SizeIs(rounds)) << "the ratio sought divides by it";
}

TEST_F(SamplingTest, ASlowDenseOneLeavesWhenItsShareIsSpent) {
  add(constant(1e-3), 1, 0, true);
  add(constant(0.2), 1, 0, true);
  add(restless(1e-3));
  const Sampling sampling = sample({.max_time_s = 3});
  EXPECT_EQ(sampling.stopped[1], StopReason::kOutOfShare);
  EXPECT_NEAR(sampling.spent_s[1], 1, 0.41);  // looks are at 3, 5 and 8 rounds
  EXPECT_GT(sampling.samples[2].device_s.size(), 2 * sampling.samples[1].device_s.size());
}

TEST_F(SamplingTest, ADenseOneThatMayBeTheBaselineStays) {
  add(restless(1e-3), 1, 0, true);
  add(restless(1.9e-3), 1, 0, true);
  add(constant(1e-3));
  EXPECT_THAT(sample({.max_time_s = 1}).stopped, Each(StopReason::kOutOfTime));
}

TEST_F(SamplingTest, ADenseOneOfAnotherGroupLeavesWhenItsShareIsSpent) {
  add(constant(1e-3), 1, 0, true);
  add(restless(1e-3));
  add(restless(1e-3), 1, 1, true);
  EXPECT_EQ(sample({.max_time_s = 1}).stopped[2], StopReason::kOutOfShare);
}

TEST_F(SamplingTest, OneThatTakesMostOfTheTimeIsSampledOnceAndShortensNoRound) {
  add(constant(1e-5), 1, 0, true);
  PretendLoop& slow = add(constant(2), 1, 0, true);
  add(restless(1e-5));
  const Sampling sampling = sample({.max_time_s = 6});
  EXPECT_EQ(sampling.stopped[1], StopReason::kOutOfShare);
  EXPECT_THAT(slow.calls, SizeIs(2)) << "a launch to warm up, and one sample";
  EXPECT_GT(sampling.samples[2].device_s.size(), 100U);
}

TEST_F(SamplingTest, ASlowLaunchThatWasMadeAlreadyIsTheWarmUp) {
  PretendLoop& slow = add(constant(2), 1, 0, true);
  PretendLoop& fast = add(constant(1e-3));
  contenders_[0].warm_launch_s = 2;
  contenders_[1].warm_launch_s = 1e-3;
  sample({.max_time_s = 10, .min_rounds = 6, .min_time_s = 0});
  EXPECT_THAT(slow.calls, Each(1));
  EXPECT_EQ(world_.order.front(), 1) << "the fast one is calibrated, the slow one is not";
  EXPECT_GT(fast.calls.size(), slow.calls.size());
}

TEST_F(SamplingTest, OneThatTakesMoreThanAllTheTimeLeavesTheOthersTheirs) {
  add(constant(1e-3), 1, 0, true);
  const PretendLoop& slow = add(constant(30), 1, 0, true);
  add(restless(1e-3));
  const Sampling sampling = sample({.max_time_s = 6});
  EXPECT_EQ(sampling.stopped[1], StopReason::kOutOfShare);
  EXPECT_THAT(slow.calls, SizeIs(2));
  EXPECT_NEAR(world_.now_s, 60 + 4, 0.1) << "two launches, and two shares of two seconds";
}

TEST_F(SamplingTest, RatiosStayWithinTheirGroup) {
  add([](int call) { return call % 2 == 0 ? 1e-3 : 1.018e-3; }, 1, 0, true);
  add([](int call) { return call % 2 == 0 ? 1.018e-3 : 1e-3; }, 1, 1);
  EXPECT_THAT(sample({.max_time_s = 1}).stopped, Each(StopReason::kPrecise));
}

TEST_F(SamplingTest, AnInterruptedRoundIsDropped) {
  add(restless(1e-3));
  PretendLoop* second = nullptr;
  second = &add([&](int call) {
    if (call == 40) stop_.request_stop();
    return call % 2 == 0 ? 1e-3 : 1e-2;
  });
  const Sampling sampling = sample({});
  EXPECT_THAT(sampling.stopped, Each(StopReason::kInterrupted));
  EXPECT_EQ(sampling.samples[0].device_s.size(), sampling.samples[1].device_s.size());
  EXPECT_GE(sampling.samples[0].device_s.size(), 30U);
  EXPECT_EQ(second->calls.size(), 41U) << "nothing runs after the request";
}

TEST_F(SamplingTest, OneRoundIsTakenAlsoWhenInterruptedBeforeIt) {
  add(constant(1e-3));
  add(constant(1e-3));
  stop_.request_stop();
  const Sampling sampling = sample({});
  EXPECT_THAT(sampling.stopped, Each(StopReason::kInterrupted));
  for (const Samples& samples : sampling.samples) {
    EXPECT_THAT(samples.device_s, SizeIs(1));
    EXPECT_THAT(samples.host_s, SizeIs(1));
  }
}

TEST_F(SamplingTest, AnExceptionPassesThrough) {
  add(constant(1e-3));
  add([](int call) -> double {
    if (call == 10) throw device::DeviceLost("gone");
    return 1e-3;
  });
  EXPECT_THROW(sample({}), device::DeviceLost);
}

TEST_F(SamplingTest, TimesThatTheTimerCannotSeeAreItsResolution) {
  add(constant(0));
  const Sampling sampling =
      sample_interleaved(contenders_, kResolution_s, {.min_time_s = 0}, {}, world_.clock());
  EXPECT_THAT(sampling.samples[0].device_s, Each(::testing::Gt(0)));
}

TEST_F(SamplingTest, NoLoopsNoSamples) { EXPECT_THAT(sample({}).samples, SizeIs(0)); }

TEST(SteadySeconds, DoesNotGoBack) {
  const double before = steady_seconds();
  EXPECT_GE(steady_seconds(), before);
}

}  // namespace
}  // namespace twofour::measure
