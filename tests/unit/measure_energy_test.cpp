// Which samples tell joules.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>

#include "measure/measure.h"
#include "measure_loops.h"

namespace twofour::measure {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;

/// `count` samples of `sample_s` at 50 W, of ten launches each.
CountedEnergy counted(int count, double sample_s) {
  CountedEnergy energy;
  for (int i = 0; i < count; ++i) energy.add(50 * sample_s, sample_s, sample_s, 10);
  return energy;
}

TEST(RoundEnergy, IsOfALaunch) {
  const RoundEnergy energy = round_energy(counted(30, 0.010));
  EXPECT_EQ(energy.reason, "");
  EXPECT_NEAR(energy.launch_j.value(), 50 * 0.001, 1e-12);
  EXPECT_NEAR(energy.watts.value(), 50, 1e-9);
  EXPECT_NEAR(energy.counted_s.value(), 0.3, 1e-12);
}

TEST(RoundEnergy, IsNotToldWhereTheCounterIsTooCoarse) {
  const RoundEnergy brief = round_energy(counted(1000, 0.009));
  EXPECT_THAT(brief.reason, HasSubstr("samples of 9 ms are too short"));
  EXPECT_FALSE(brief.launch_j || brief.watts || brief.counted_s);
  EXPECT_THAT(round_energy(counted(24, 0.010)).reason, HasSubstr("too few"));
  EXPECT_THAT(round_energy(counted(2, 61)).reason, HasSubstr("too long"));
  EXPECT_THAT(round_energy({}).reason, HasSubstr("no samples"));
}

TEST(RoundEnergy, IsNotToldOfWhatElseRan) {
  CountedEnergy energy = counted(30, 0.010);
  energy.wall_s *= 1.04;
  EXPECT_THAT(round_energy(energy).reason, IsEmpty());
  energy.wall_s *= 1.04;
  EXPECT_THAT(round_energy(energy).reason, HasSubstr("launches are 92 % of the time"));
}

TEST(RoundEnergy, IsNeverZeroBecauseItIsUnknown) {
  CountedEnergy still = counted(30, 0.010);
  still.joules = 0;
  EXPECT_THAT(round_energy(still).reason, HasSubstr("did not move"));
  CountedEnergy unread = counted(30, 0.010);
  unread.add(std::nullopt, 0.010, 0.010, 10);
  EXPECT_THAT(round_energy(unread).reason, HasSubstr("in 1 of 31 samples"));
}

/// Two contenders, of which the second takes twice the power.
class EnergySamplingTest : public ::testing::Test {
 protected:
  EnergySamplingTest() {
    for (PretendLoop* loop : {&slow_, &quick_}) {
      contenders_.push_back({.loop = loop, .dense = loop == &slow_});
    }
  }
  Sampling sample(MeasureConfig config) {
    if (counts_) config.energy = [this] { return joules(); };
    return sample_interleaved(contenders_, 1e-7, config, {}, world_.clock());
  }
  /// By what ran since the last reading.
  std::optional<double> joules() {
    if (!world_.order.empty()) joules_ += watts_[world_.order.back()] * (world_.now_s - read_s_);
    read_s_ = world_.now_s;
    return joules_;
  }

  World world_;
  PretendLoop slow_{world_, 0, [](int) { return 0.020; }};
  PretendLoop quick_{world_, 1, [](int) { return 0.010; }};
  std::vector<Contender> contenders_;
  double watts_[2] = {50, 100};
  double joules_ = 0;
  double read_s_ = 0;
  bool counts_ = true;
};

TEST_F(EnergySamplingTest, EachContenderHasItsOwn) {
  const Sampling sampling = sample({.max_time_s = 100, .min_time_s = 1});
  ASSERT_EQ(sampling.energy.size(), 2U);
  for (std::size_t i = 0; i < 2; ++i) {
    const CountedEnergy& energy = sampling.energy[i];
    const Samples& samples = sampling.samples[i];
    EXPECT_EQ(energy.samples, static_cast<std::int64_t>(samples.device_s.size()));
    EXPECT_EQ(energy.launches, energy.samples * samples.launches_per_sample);
    EXPECT_NEAR(energy.wall_s, energy.device_s, 1e-9);
    EXPECT_NEAR(round_energy(energy).launch_j.value(), 1, 1e-9) << "warm-up does not count";
  }
}

TEST_F(EnergySamplingTest, DroppedRoundsDoNotCountNorDoRests) {
  int asked = 0;
  MeasureConfig config{.max_time_s = 100, .min_time_s = 1};
  config.rests.wanted = [&] {
    if (++asked <= 4) return false;
    watts_[0] = 25;
    return true;
  };
  config.rests.take = [&](double seconds) { world_.now_s += seconds; };
  const Sampling sampling = sample(config);
  ASSERT_GT(sampling.samples[0].rest_share, 0);
  EXPECT_NEAR(round_energy(sampling.energy[0]).launch_j.value(), 0.5, 1e-9);
}

TEST_F(EnergySamplingTest, WithoutACounterThereIsNone) {
  counts_ = false;
  EXPECT_THAT(sample({.max_time_s = 100}).energy, IsEmpty());
}

}  // namespace
}  // namespace twofour::measure
