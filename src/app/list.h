// The mode `list`.
#pragma once

#include <string>

#include "app/options.h"

namespace twofour::app {

/// Devices, providers, kernels and models, each with the reason where it is not available. A star
/// marks what runs only when it is asked for.
std::string list_text(const Options& options);

}  // namespace twofour::app
