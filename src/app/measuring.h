// The part of a run that measures: opens the device, and then case by case what it is told to.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "app/options.h"
#include "run/attempts.h"
#include "run/ledger.h"
#include "run/stream.h"

namespace twofour::app {

/// Measures what `ledger` has no row of. `arguments` are the command line's, for the
/// environment of a new run. Returns kExitOk. Throws UsageError where the options name something
/// that is not there, or the ledger is not of this run; std::runtime_error where the device cannot
/// be had.
int measure_cases(const BenchOptions& options, const std::vector<std::string>& arguments,
                  std::span<const workload::Case> cases, const run::Ledger& ledger,
                  run::Orders& orders, run::ResultStream& stream, run::Attempts& attempts);

}  // namespace twofour::app
