// Location, interval and ratio from samples; pure functions.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <vector>

#include "core/summary.h"

namespace twofour::measure {

/// 95 % interval for the median of the process that `values`, in the order taken, are a stretch of;
/// its ends are NaN for fewer than 6 values, of which no pair covers 95 %.
///
/// Order statistics, interpolated between neighbouring ranks after Hettmansperger and Sheather
/// (Statistics & Probability Letters 4, 1986): no distribution is assumed. Timings are not
/// independent, because clocks drift and neighbours come and go, so the ranks move outwards by the
/// root of the integrated autocorrelation time of the signs about the median, estimated by the
/// initial monotone sequence of Geyer (Statistical Science 7, 1992). That restores the coverage
/// when the values span some 50 times the disturbances' correlation time; what is slower than that,
/// the values cannot tell (docs/measurement.md has the figures). It is never narrower than for
/// independent values.
Interval median_interval(std::vector<double> values);

/// The same for values of which it is known that so many of them (`least_time`, at least 1) tell as
/// much as one independent value, and wide enough for fewer than 6: where no ranks cover, the range
/// of the values is stretched about the median, for few values by Student's quantiles. Infinite for
/// fewer than 2 values.
Interval cautious_median_interval(std::vector<double> values, double least_time);

/// How many of the values tell as much about their median as one independent value, from the signs
/// about the median. For the mean over many short series: each one's own says little, and may be
/// below 1, but what the sample median takes away from correlations is given back. 1 for fewer than
/// 6 values.
double unbiased_correlation_time(std::span<const double> values);

/// The same for one series: at least 1, by the initial monotone sequence that median_interval()
/// uses. 1 for fewer than 6 values.
double correlation_time(std::span<const double> values);

/// Location, spread and interval of the samples. Throws std::invalid_argument for none.
Summary summarise(const Samples& samples);

/// Ratio of `baseline` to `kernel`, element by element (same round), with the interval for the
/// median of the paired ratios and the verdict. What slows both kernels of a round alike cancels.
/// Where one has more elements, the last ones are of rounds without the other and do not count.
/// With fewer than 6 pairs there is no interval, and the verdict is INCONCLUSIVE. Times must be
/// above zero. Throws std::invalid_argument when there is no pair.
Ratio compare(std::span<const double> baseline, std::span<const double> kernel);

/// Place of the fastest of several series, entry i of each from round i; some may have ended early.
/// Of those with the most entries it is the one with the lowest median; one that ended early takes
/// its place only if it was faster in the rounds that both have, because what all were slowed by
/// later is not in its median. The first of equals; nothing where all are empty.
std::optional<std::size_t> fastest_of(std::span<const std::span<const double>> series);

/// WIN, LOSS, TIE or INCONCLUSIVE by the rule of core/summary.h; an interval within 0.99 to 1.01 is
/// a TIE also where it excludes 1.
Verdict decide(const Interval& ratio_interval);

}  // namespace twofour::measure
