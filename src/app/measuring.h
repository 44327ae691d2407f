// The part of a run that measures: opens the device, and then case by case what it is told to.
#pragma once

#include <cstddef>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "app/options.h"
#include "run/attempts.h"
#include "run/companions.h"
#include "run/ledger.h"
#include "run/stream.h"

namespace twofour::app {

/// What a run is asked for, and what is there of it.
struct Request {
  const BenchOptions& options;
  const std::vector<std::string>& arguments;  ///< of the command line, for the environment
  std::span<const workload::Case> cases;
  std::size_t named = 0;  ///< how many of them the command line names: --break-even adds others
  const run::Ledger& ledger;
  /// Places of the cases that this process can be told to measure, ascending.
  std::span<const int> own;
  /// Whether an earlier run left the ledger, and its environment has not been compared yet.
  bool resumed = false;
  /// Which of several processes this is, in words, for the environment; empty: there is one.
  std::string job = {};
  /// Its rows have an environment of their own, whatever the ledger has. That may be of another
  /// device of the same kind.
  bool part_of_job = false;
  /// Other devices of this host that measure the same cases now; null: none does.
  run::Companions* companions = nullptr;
  /// How cases are spread over this device and others, of this host or of a job, in words for the
  /// environment; empty: they are not.
  std::string spread = {};
  /// Called when the options are found to fit the device and the ledger; empty: nobody is.
  std::function<void()> accepted = {};
};

/// Measures what the ledger has no row of. Returns kExitOk. Throws UsageError where the options
/// name something that is not there, or the ledger is not of this run or of this machine and build;
/// std::runtime_error where the device cannot be had.
int measure_cases(const Request& request, run::Orders& orders, run::ResultStream& stream,
                  run::Attempts& attempts);

}  // namespace twofour::app
