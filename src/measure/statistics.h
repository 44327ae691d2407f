// Location, interval and ratio from samples; pure functions.
#pragma once

#include <span>
#include <vector>

#include "core/summary.h"

namespace twofour::measure {

/// Median; NaN for no values. Takes a copy because it reorders.
double median(std::vector<double> values);

/// 95 % interval for the median from order statistics, interpolated between neighbouring ranks
/// after Hettmansperger and Sheather (Statistics & Probability Letters 4, 1986). Distribution-free.
/// With fewer than 6 values no pair of ranks covers 95 %: the range of the values is returned.
Interval median_interval(std::vector<double> values);

/// Location, spread and interval of the samples. Throws std::invalid_argument for none.
Summary summarise(const Samples& samples);

/// Ratio of `baseline` to `kernel`, element by element (same round), with the interval for the
/// median of the paired ratios and the verdict. Throws std::invalid_argument unless both have the
/// same non-zero length.
Ratio compare(std::span<const double> baseline, std::span<const double> kernel);

/// WIN, LOSS, TIE or INCONCLUSIVE by the rule of core/summary.h.
Verdict decide(const Interval& ratio_interval);

}  // namespace twofour::measure
