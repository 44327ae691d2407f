// The same run without a second process, for debuggers and profilers.
#pragma once

#include <functional>
#include <stop_token>

#include "run/supervisor.h"

namespace twofour::run {

/// Runs `measure` here. Nothing ends a call that does not return, and a crash ends the program. An
/// exception of `measure` passes through. `source`: as SupervisorConfig has it.
RunResult run_in_process(RunListener& listener, std::stop_token stop,
                         const std::function<int(Orders&, ResultStream&, Attempts&)>& measure,
                         CaseSource* source = nullptr);

}  // namespace twofour::run
