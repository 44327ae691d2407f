#include "device/sm_clock.h"

#include <cstddef>
#include <map>
#include <utility>
#include <vector>

#include "core/median.h"

namespace twofour::device {
namespace {

// A stamp is exact to some tens of nanoseconds: the loop that waits for the timer to move.
constexpr std::uint64_t kShortest_ns = 100'000;
constexpr std::uint64_t kLongest_ns = 60'000'000'000;
constexpr double kLeastMhz = 1;
constexpr double kMostMhz = 10'000;

/// Whether `a` is later than `b`; a difference of more than half the range is one that wrapped.
bool is_later(const ClockStamp& a, const ClockStamp& b) {
  return static_cast<std::int64_t>(a.nanoseconds - b.nanoseconds) > 0;
}

using Stamps = std::map<std::uint32_t, ClockStamp>;  // by multiprocessor

/// One stamp of each multiprocessor that has any: the latest or the earliest.
Stamps chosen(std::span<const ClockStamp> stamps, bool latest) {
  Stamps found;
  for (const ClockStamp& stamp : stamps) {
    if (stamp.moved == 0) continue;
    const auto [place, added] = found.try_emplace(stamp.multiprocessor, stamp);
    if (!added && is_later(stamp, place->second) == latest) place->second = stamp;
  }
  return found;
}

std::optional<double> mhz_between(const ClockStamp& begin, const ClockStamp& end) {
  const std::uint64_t elapsed_ns = end.nanoseconds - begin.nanoseconds;
  if (elapsed_ns < kShortest_ns || elapsed_ns > kLongest_ns) return std::nullopt;
  const double mhz =
      static_cast<double>(end.cycles - begin.cycles) / static_cast<double>(elapsed_ns) * 1e3;
  if (mhz < kLeastMhz || mhz > kMostMhz) return std::nullopt;
  return mhz;
}

}  // namespace

std::optional<double> effective_mhz(std::span<const ClockStamp> begin,
                                    std::span<const ClockStamp> end, int multiprocessors) {
  const Stamps first = chosen(begin, true);
  std::vector<double> clocks;
  for (const auto& [multiprocessor, stamp] : chosen(end, false)) {
    const auto found = first.find(multiprocessor);
    if (found == first.end()) continue;
    if (const auto mhz = mhz_between(found->second, stamp)) clocks.push_back(*mhz);
  }
  if (clocks.empty() || 2 * clocks.size() < static_cast<std::size_t>(multiprocessors)) {
    return std::nullopt;
  }
  return median(std::move(clocks));
}

}  // namespace twofour::device
