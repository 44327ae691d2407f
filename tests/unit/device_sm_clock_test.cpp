// The clock of multiprocessors from stamps that a GPU would leave.
#include "device/sm_clock.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <limits>
#include <optional>
#include <vector>

namespace twofour::device {
namespace {

using Stamps = std::vector<ClockStamp>;

constexpr std::uint64_t kStart_ns = 5'000'000'000;
constexpr std::uint64_t kMillisecond = 1'000'000;

ClockStamp stamp(std::uint32_t multiprocessor, std::uint64_t ns, std::uint64_t cycles) {
  return {.nanoseconds = ns, .cycles = cycles, .multiprocessor = multiprocessor, .moved = 1};
}

/// Stamps of multiprocessors 0, 1, ... a millisecond after stamps at kStart_ns with counter 1000.
Stamps begin_of(std::uint32_t multiprocessors) {
  Stamps stamps;
  for (std::uint32_t i = 0; i < multiprocessors; ++i) stamps.push_back(stamp(i, kStart_ns, 1000));
  return stamps;
}

Stamps end_of(const std::vector<std::uint64_t>& mhz) {
  Stamps stamps;
  for (std::uint32_t i = 0; i < mhz.size(); ++i) {
    stamps.push_back(stamp(i, kStart_ns + kMillisecond, 1000 + 1000 * mhz[i]));
  }
  return stamps;
}

TEST(EffectiveClock, IsTheMedianOverMultiprocessors) {
  EXPECT_DOUBLE_EQ(effective_mhz(begin_of(3), end_of({1700, 1500, 1710}), 3).value(), 1700);
  EXPECT_DOUBLE_EQ(effective_mhz(begin_of(2), end_of({1700, 1500}), 2).value(), 1600);
}

TEST(EffectiveClock, BelongsToTheMultiprocessorNotToThePlace) {
  const Stamps begin{stamp(7, kStart_ns, 100), stamp(3, kStart_ns, 900'000)};
  const Stamps end{stamp(3, kStart_ns + kMillisecond, 900'000 + 1'600'000),
                   stamp(7, kStart_ns + kMillisecond, 100 + 1'600'000)};
  EXPECT_DOUBLE_EQ(effective_mhz(begin, end, 2).value(), 1600);
}

TEST(EffectiveClock, TakesTheShortestStretchOfEachMultiprocessor) {
  // The counter stood still before the last stamp at the beginning and after the first at the end.
  const Stamps begin{stamp(0, kStart_ns - 500, 1000), stamp(0, kStart_ns, 1000),
                     stamp(0, kStart_ns - 900, 1000)};
  const std::uint64_t end_ns = kStart_ns + kMillisecond;
  const Stamps end{stamp(0, end_ns + 400'000, 1'601'000), stamp(0, end_ns, 1'601'000),
                   stamp(0, end_ns + 10, 1'601'000)};
  EXPECT_DOUBLE_EQ(effective_mhz(begin, end, 1).value(), 1600);
}

TEST(EffectiveClock, CountersMayWrap) {
  constexpr std::uint64_t kMost = std::numeric_limits<std::uint64_t>::max();
  const Stamps begin{stamp(0, kMost - 299'999, kMost - 99)};
  const Stamps end{stamp(0, 700'000, 1'599'900)};
  EXPECT_DOUBLE_EQ(effective_mhz(begin, end, 1).value(), 1600);
}

TEST(EffectiveClock, IsNotKnownOfTooFewMultiprocessors) {
  EXPECT_EQ(effective_mhz({}, {}, 1), std::nullopt);
  EXPECT_EQ(effective_mhz(begin_of(4), end_of({1600}), 4), std::nullopt);
  EXPECT_TRUE(effective_mhz(begin_of(4), end_of({1600, 1600}), 4));
  EXPECT_EQ(effective_mhz({}, end_of({1600, 1600}), 2), std::nullopt);
}

TEST(EffectiveClock, LeavesOutWhatIsNotUsable) {
  const auto of_one = [](std::uint64_t elapsed_ns, std::uint64_t cycles) {
    return effective_mhz(Stamps{stamp(0, kStart_ns, 0)},
                         Stamps{stamp(0, kStart_ns + elapsed_ns, cycles)}, 1);
  };
  EXPECT_TRUE(of_one(100'000, 160'000));
  EXPECT_EQ(of_one(99'999, 160'000), std::nullopt) << "too short for the steps of the timer";
  EXPECT_EQ(of_one(0, 160'000), std::nullopt);
  EXPECT_EQ(of_one(61'000'000'000, 100'000'000'000), std::nullopt) << "stamps of another sample";
  EXPECT_EQ(of_one(kMillisecond, 0), std::nullopt) << "the counter stood still";
  EXPECT_EQ(of_one(kMillisecond, 11'000'000), std::nullopt) << "11 GHz";
  EXPECT_EQ(effective_mhz(end_of({1600}), begin_of(1), 1), std::nullopt) << "time went backwards";
}

TEST(EffectiveClock, LeavesOutStampsWhoseTimerDidNotMove) {
  Stamps begin = begin_of(2);
  begin[0].moved = 0;
  EXPECT_DOUBLE_EQ(effective_mhz(begin, end_of({1200, 1600}), 2).value(), 1600);
  Stamps end = end_of({1200, 1600});
  end[1].moved = 0;
  EXPECT_EQ(effective_mhz(begin, end, 2), std::nullopt);
}

}  // namespace
}  // namespace twofour::device
