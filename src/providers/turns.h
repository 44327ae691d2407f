// Contestants that are timed in turns, so that what slows the device slows all of them.
#pragma once

#include <cstddef>
#include <optional>
#include <vector>

#include "core/function_ref.h"

namespace twofour::providers {

/// Seconds of one launch of `contestant`; nothing where it cannot run, which takes it out.
using TimeTurn = FunctionRef<std::optional<double>(std::size_t contestant)>;

struct TurnsConfig {
  /// Rounds, in each of which every contestant that is left is timed once.
  std::size_t most_rounds = 9;
  /// Whether contestants leave before that (see take_turns()).
  bool leave_early = true;
  /// Asked after each round from the third on: whether there is no time for another one.
  FunctionRef<bool()> spent;
};

struct TurnsResult {
  /// Those that could run, the fastest first: by the medians of the last ones left, before those
  /// that left earlier.
  std::vector<std::size_t> order;
  std::vector<std::vector<double>> seconds;  ///< of each contestant, by round
  std::size_t rounds = 0;
};

/// Times `count` contestants in turns and ranks them by these timings alone. With leave_early a
/// contestant is not timed again once the ratios of its timings to those of the leader, each within
/// one round, say that it is slower:
///   after 2 rounds   if both are above 1.05
///   after 3          if all are above 1.01
///   after 5          if all are above 1
/// The turns end when one is left, or after 4 rounds if the ratios of each are within 3 % and
/// their median is at most 1.003: nobody would see which of them was taken.
TurnsResult take_turns(std::size_t count, TimeTurn time, const TurnsConfig& config);

}  // namespace twofour::providers
