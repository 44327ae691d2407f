// From a difference of logarithms to a change with its word.
#pragma once

#include "compare/change.h"
#include "compare/estimate.h"

namespace twofour::compare {

/// `question` says which direction is slower: a longer time, a smaller speed-up. `threshold` is
/// relative: 0.02 lies between 1 / 1.02 and 1.02, so that OLD and NEW can change places. The values
/// of the two sides are the caller's to fill in.
///
/// SLOWER or FASTER: the likely interval lies wholly beyond the threshold, and the certain one
/// excludes no change; and the change is larger than what equal kernels differ by, where that is
/// known. SAME: the likely one lies within the threshold. Else UNCLEAR.
Shift judge(const Difference& difference, Question question, double threshold);

/// Whether the intervals say SLOWER or FASTER and the floor alone does not. More samples would not
/// help such a row.
bool taken_by_floor(const Difference& difference, double threshold);

}  // namespace twofour::compare
