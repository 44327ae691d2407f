// The command `list`: devices, providers, kernels and models, each with the reason where it is not
// available.
#pragma once

#include "app/command.h"

namespace twofour::app {

/// Takes those options of bench that may stand anywhere, and heeds the ones that say what there is.
Command list_command();

}  // namespace twofour::app
