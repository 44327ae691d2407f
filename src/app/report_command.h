// report: what result files hold, in any of the formats.
#pragma once

#include "app/command.h"

namespace twofour::app {

Command report_command();

}  // namespace twofour::app
