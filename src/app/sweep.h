// The run itself: case by case, each result to the file and to stdout as soon as it exists.
#pragma once

#include <span>

#include "app/interrupt.h"
#include "app/relaunch.h"
#include "app/session.h"

namespace twofour::app {

/// Measures all `cases`, writes the result files and prints the tables. Returns the exit code of
/// the program. Throws UsageError for a file to resume from that is not of this run, and
/// std::runtime_error where the run cannot go on.
int run_sweep(const BenchOptions& options, Session& session, std::span<const workload::Case> cases,
              const Interrupt& interrupt, const Relaunch& relaunch);

}  // namespace twofour::app
