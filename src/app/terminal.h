// Whether stdout is a terminal, and what it can show.
#pragma once

#include "report/display.h"

namespace twofour::app {

/// Whether stdout is a terminal, on which bytes for programs have no place.
bool stdout_is_terminal();

/// What stdout can show. A pipe, a file and `wide`: everything, so the width has no limit. On a
/// terminal its size is asked; where it does not tell, COLUMNS and LINES say it, else 80 x 24.
/// Colour on a terminal alone, unless NO_COLOR is set and not empty (https://no-color.org) or TERM
/// is "dumb".
report::Display stdout_display(bool wide);

}  // namespace twofour::app
