// The first line of every .jsonl: what this run runs on.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "core/environment.h"
#include "device/device.h"
#include "run/selection.h"

namespace twofour::app {

/// Everything but the roofs, which are measured by the caller. `pattern`: what weights are pruned
/// to.
Environment describe_environment(const device::Device& device,
                                 std::span<const run::ProviderInstance> providers,
                                 std::vector<std::string> argv, std::uint64_t seed,
                                 Sparsity pattern);

}  // namespace twofour::app
