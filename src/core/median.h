// The median, for whoever times something.
#pragma once

#include <vector>

namespace twofour {

/// The middle value, for an even count the mean of the two middle ones; NaN when there is none.
double median(std::vector<double> values);

}  // namespace twofour
