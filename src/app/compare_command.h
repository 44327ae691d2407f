// The command `compare`: what changed between two sets of result files, and a verdict for scripts.
#pragma once

#include "app/command.h"

namespace twofour::app {

/// Returns kExitOk, kExitSlower or kExitNothingComparable.
Command compare_command();

}  // namespace twofour::app
