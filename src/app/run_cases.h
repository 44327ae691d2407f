// Cases of a run, measured by a child of this process or by this process.
#pragma once

#include <filesystem>
#include <functional>

#include "app/options.h"
#include "run/supervisor.h"

namespace twofour::app {

using Measure = std::function<int(run::Orders&, run::ResultStream&, run::Attempts&)>;

/// What cannot be written, and others that are gone, have been said. `config.case_timeout_s` is
/// that of the options.
run::RunResult run_cases(const BenchOptions& options, run::SupervisorConfig config,
                         run::RunListener& listener, const Measure& measure);

}  // namespace twofour::app
