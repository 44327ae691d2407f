// What a reader must know of kinds of rows: all experts in one launch, and weights of a pattern.
#pragma once

#include <string>
#include <vector>

#include "decide/decision.h"

namespace twofour::decide {

/// Adds a line for each kind that the decision has.
void add_kinds(std::vector<std::string>& lines, const Decision& decision);

}  // namespace twofour::decide
