// How far the location of one set of measurements lies from that of another, as natural logarithms
// of ratios; pure functions.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <vector>

#include "core/summary.h"

namespace twofour::compare {

/// Logarithms of the samples of one measurement (times, or ratios within rounds), in the order in
/// which they were taken.
using Series = std::vector<double>;

/// Estimates of one change, at two confidences.
struct Difference {
  double value =
      0;            ///< of NEW over OLD: the difference of the means over the measurements' medians
  Interval likely;  ///< at 95 %
  Interval certain;  ///< at 1 - risk: with it, one false word in 20 comparisons of all rows
  /// The part of `likely`'s half-width that more samples would not narrow, because it is the
  /// measurements that differ.
  double between = 0;
  /// What the A/A controls of the runs differ by: a change within it is none of the code's. Nothing
  /// where no control tells; the caller's to fill in.
  std::optional<double> floor = std::nullopt;
  std::size_t old_samples = 0;  ///< the fewest of a measurement
  std::size_t new_samples = 0;
};

/// How many samples of several series tell as much as one independent one, as far as all of them
/// together show it clearly: at least 1. What one short series cannot show about the machine, many
/// can. None of them is held.
class CommonCorrelation {
 public:
  void add(const Series& series);
  [[nodiscard]] double time() const;

 private:
  double sum_ = 0;
  double squares_ = 0;
  double count_ = 0;
};

/// The change from `before` to `after`, whose series are independent measurements (runs) of one
/// thing and neither is empty.
///
/// The interval of each median is one between order statistics that knows autocorrelation: the
/// series' own or `least_time`, whichever is longer (measure/statistics.h). Intervals of
/// independent medians are put together end by end, root of squares (method of variance estimates
/// recovery: Zou & Donner, Statistics in Medicine 27, 2008). Where a side has several measurements,
/// what these differ by beyond their own error is pooled over both sides and widens the interval by
/// Student's quantile. The certain interval is the likely one stretched by the quotient of
/// Student's quantiles for as many samples.
Difference difference(std::span<const Series> before, std::span<const Series> after,
                      double least_time, double risk);

}  // namespace twofour::compare
