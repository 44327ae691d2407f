// What the rows of a comparison say together.
#pragma once

#include <span>

#include "compare/comparison.h"
#include "compare/row.h"

namespace twofour::compare {

/// Fills in what follows from all rows: the common change, by what each differs from it, what
/// samples do not explain, and the means. `estimates` are of `comparison.changes`, in their order.
void add_overview(Comparison& comparison, std::span<const Estimates> estimates);

}  // namespace twofour::compare
