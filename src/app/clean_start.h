// A program that starts as if nobody had set a switch for its libraries.
#pragma once

#include <vector>

#include "core/environment.h"

namespace twofour::app {

/// To be called first in main. The affinity mask is again the one that the process inherited:
/// OpenMP runtimes narrow it before main where OMP_PROC_BIND, OMP_PLACES or the like are set.
/// Stacks have a usual size, whatever `ulimit -s` says, as far as its hard limit allows.
///
/// Where switches are set that are to be cleared (app/switches.h), the program starts itself again
/// without them, because runtimes have read them by now; that second start returns. Where it cannot
/// be had, they are cleared in place, which what reads them later does not see.
void start_clean(char** argv);

/// The switches that were set when the program was started by its user, cleared or not.
const std::vector<EnvironmentSwitch>& switches_at_start();

}  // namespace twofour::app
