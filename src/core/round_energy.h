// What a launch cost in joules while ordinary samples were taken.
#pragma once

#include <optional>
#include <string>

namespace twofour {

/// Joules are of all that the counters count (whole processor packages): idle power and what other
/// processes used there are in them. One sum over all samples, so there is no interval and no
/// verdict.
struct RoundEnergy {
  std::string source;               ///< the counters, in words
  std::string reason;               ///< why there is nothing below; empty: there is
  std::optional<double> launch_j;   ///< joules over launches, of all samples together
  std::optional<double> watts;      ///< joules over seconds
  std::optional<double> counted_s;  ///< seconds of all samples together
  /// Joules of the baseline over joules of this kernel; nothing in the baseline's own row.
  std::optional<double> vs_dense;
  bool operator==(const RoundEnergy&) const = default;
};

}  // namespace twofour
