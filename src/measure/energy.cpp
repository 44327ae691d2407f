// When joules of samples are told, and when not.
#include "measure/energy.h"

#include <fmt/format.h>

#include <algorithm>
#include <string>

namespace twofour::measure {
namespace {

constexpr double kShortestSample_s = 0.010;
constexpr double kLeastInAll_s = 0.25;
// 65 kJ, the smallest range of a counter that is known, are a kilowatt for 65 s.
constexpr double kLongestSample_s = 60;
// Of the time between the readings, what may lie outside the launches.
constexpr double kMostBeside = 0.05;

/// Empty: joules can be told.
std::string why_not(const CountedEnergy& c) {
  if (c.unread > 0) {
    return fmt::format("the counters could not be read in {} of {} samples", c.unread, c.samples);
  }
  const double sample_s = c.device_s / static_cast<double>(c.samples);
  if (sample_s < kShortestSample_s) {
    return fmt::format(
        "samples of {:.3g} ms are too short: counters move about every millisecond, and {:.0f} ms "
        "are needed (a longer --max-time makes samples longer)",
        1e3 * sample_s, 1e3 * kShortestSample_s);
  }
  if (c.device_s < kLeastInAll_s) {
    return fmt::format("{:.3g} s of samples are too few: {:.3g} s are needed", c.device_s,
                       kLeastInAll_s);
  }
  if (c.longest_s > kLongestSample_s) {
    return fmt::format("a sample of {:.0f} s is too long: counters may begin anew twice",
                       c.longest_s);
  }
  if (c.device_s < (1 - kMostBeside) * c.wall_s) {
    return fmt::format(
        "launches are {:.0f} % of the time that was counted, the rest lies between them (flushed "
        "cache lines, a launch that fills the cache)",
        100 * c.device_s / c.wall_s);
  }
  if (!(c.joules > 0)) return "the counters did not move";
  return {};
}

}  // namespace

void CountedEnergy::add(std::optional<double> joules_of_sample, double device_s_of_sample,
                        double wall_s_of_sample, std::int64_t launches_of_sample) {
  joules += joules_of_sample.value_or(0);
  device_s += device_s_of_sample;
  wall_s += wall_s_of_sample;
  longest_s = std::max(longest_s, wall_s_of_sample);
  launches += launches_of_sample;
  ++samples;
  if (!joules_of_sample) ++unread;
}

RoundEnergy round_energy(const CountedEnergy& counted) {
  RoundEnergy energy;
  energy.reason = counted.samples > 0 ? why_not(counted) : "there are no samples";
  if (!energy.reason.empty()) return energy;
  energy.launch_j = counted.joules / static_cast<double>(counted.launches);
  energy.watts = counted.joules / counted.wall_s;
  energy.counted_s = counted.device_s;
  return energy;
}

}  // namespace twofour::measure
