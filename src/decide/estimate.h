// Sums of medians with intervals, by resampling rounds.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/summary.h"

namespace twofour::decide {

struct Estimate {
  double value = 0;
  /// At 95 %; nothing where a part of the sum has fewer than kFewestRounds rounds.
  std::optional<Interval> interval;
};

/// With fewer no interval is given (measure/statistics.h).
inline constexpr std::size_t kFewestRounds = 6;
inline constexpr std::size_t kResamples = 2000;

/// Medians of resampled rounds: entry i of both sides belongs to one draw of rounds. Where both
/// kernels have rounds, the time of 2:4 is that of dense over the median of the ratios within
/// rounds (the speed-up of the row), so that what slows both kernels of a round alike cancels in
/// differences and ratios.
struct Resampled {
  double dense_s = 0;  ///< of the rounds themselves
  double sparse_s = 0;
  std::vector<double> dense_draws;  ///< kResamples, or none where there are too few rounds
  std::vector<double> sparse_draws;
};

/// Draws rounds of one case with replacement (bootstrap: Efron, Annals of Statistics 7, 1979). They
/// come in blocks of neighbours, round the end (Politis & Romano, in: Exploring the Limits of
/// Bootstrap, 1992), as long as the rounds are correlated: clocks drift, and neighbours come and
/// go. Where one side has more rounds, the last ones are without the other and do not count. An
/// empty `sparse_s` or `dense_s` leaves that side empty; both must not be empty.
Resampled resample(std::span<const double> dense_s, std::span<const double> sparse_s,
                   std::uint64_t seed);

/// The middle 95 % of `draws`; nothing for none.
std::optional<Interval> middle_95(std::vector<double> draws);

}  // namespace twofour::decide
