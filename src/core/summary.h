// What a set of timings says: a location with its interval, and the ratio of two of them.
#pragma once

#include <array>
#include <cmath>
#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

namespace twofour {

/// A closed interval at 95 % confidence. Ends that are not known are NaN.
struct Interval {
  double low = 0;
  double high = 0;
  bool operator==(const Interval&) const = default;
};

/// With fewer samples no pair of them covers the median in 95 % of all cases.
inline constexpr std::int64_t kFewestForInterval = 6;

inline bool is_known(const Interval& interval) {
  return std::isfinite(interval.low) && std::isfinite(interval.high);
}

/// Timings of one kernel in one cache state, in the order in which they were taken. Entry i of
/// every kernel of a case belongs to round i. Seconds for one launch.
struct Samples {
  std::vector<double> device_s;  ///< time on the device that computes
  std::vector<double> host_s;    ///< time the host spent to start it; equal to device_s on a CPU
  std::int64_t launches_per_sample = 0;
  /// Each sample was followed by a rest this share as long, because the device had lowered its
  /// clocks; 0: none.
  double rest_share = 0;
  bool operator==(const Samples&) const = default;
};

/// Seconds for one launch.
struct Summary {
  double median_s = 0;
  Interval median_interval_s;  ///< not known of fewer than kFewestForInterval samples
  double mean_s = 0;
  double std_s = 0;
  double min_s = 0;
  double host_median_s = 0;
  std::int64_t samples = 0;
  bool operator==(const Summary&) const = default;
};

enum class Verdict : std::uint8_t { kWin, kLoss, kTie, kInconclusive };

inline constexpr std::array<std::pair<Verdict, std::string_view>, 4> kVerdictNames{{
    {Verdict::kWin, "WIN"},
    {Verdict::kLoss, "LOSS"},
    {Verdict::kTie, "TIE"},
    {Verdict::kInconclusive, "INCONCLUSIVE"},
}};

constexpr std::string_view to_string(Verdict verdict) {
  return kVerdictNames[static_cast<std::size_t>(verdict)].second;
}

constexpr std::optional<Verdict> parse_verdict(std::string_view text) {
  for (const auto& [verdict, name] : kVerdictNames) {
    if (name == text) return verdict;
  }
  return std::nullopt;
}

/// Time of the baseline over time of the kernel, paired round by round: above 1 the kernel is
/// faster. WIN and LOSS: the interval excludes 1. TIE: the interval lies within 0.99 to 1.01.
/// INCONCLUSIVE also where there are fewer than 6 pairs, which have no 95 % interval: its ends are
/// not known then.
struct Ratio {
  double value = 0;
  Interval interval;
  Verdict verdict = Verdict::kInconclusive;
  bool operator==(const Ratio&) const = default;
};

}  // namespace twofour
