// Joules of ordinary samples, by a counter that moves about every millisecond.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>

#include "core/round_energy.h"

namespace twofour::measure {

/// Joules that a device has taken since some moment. Under sustained load it may move in steps of
/// some tens of milliseconds; ordinary samples need steps of about one.
using EnergyCounter = std::function<std::optional<double>()>;

/// What was counted from before each of a contender's samples to after it.
struct CountedEnergy {
  double joules = 0;
  double device_s = 0;   ///< of the launches
  double wall_s = 0;     ///< between the readings
  double longest_s = 0;  ///< the longest of `wall_s`
  std::int64_t launches = 0;
  std::int64_t samples = 0;
  std::int64_t unread = 0;  ///< of `samples`, those without a reading

  /// One sample; no `joules`: the counter could not be read.
  void add(std::optional<double> joules_of_sample, double device_s_of_sample,
           double wall_s_of_sample, std::int64_t launches_of_sample);
};

/// Joules of a launch, or the reason why the samples do not tell them; `source` is left empty.
///
/// The counter lags by up to 1 ms, half of one on average. So a sample is charged with half a
/// millisecond of what ran before it, in the place of its own end: of samples of 10 ms that is 5 %
/// of the difference in power, and shorter ones are not counted. What the lags differ by (0.4 ms,
/// one standard deviation) averages out: after 25 such samples, a quarter of a second, it is
/// below 1 %. Samples over a minute could hide that a counter began anew twice.
RoundEnergy round_energy(const CountedEnergy& counted);

}  // namespace twofour::measure
