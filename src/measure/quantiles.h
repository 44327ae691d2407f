// Quantiles of the distributions that intervals are made with.
#pragma once

namespace twofour::measure {

/// The z that a standard normal variable exceeds with probability `tail`, which is above 0 and at
/// most 0.5.
double normal_quantile(double tail);

/// The same for Student's distribution with `freedom` degrees of freedom, above 0, whole or not.
double student_quantile(double tail, double freedom);

}  // namespace twofour::measure
