// --dry-run: what would be measured.
#pragma once

#include <span>
#include <string>

#include "app/session.h"

namespace twofour::app {

struct DryRun {
  /// For each case its shape, the memory that each kernel needs (or why it cannot run), and a
  /// command line that measures the case alone.
  std::string text;
  bool anything_runs = false;  ///< some kernel of some case would be measured
  bool anything_guessed =
      false;  ///< of many cases, a library that takes long was not asked for each
};

/// `own`: the places of the cases that this process would measure.
DryRun dry_run(const Session& session, std::span<const workload::Case> cases,
               std::span<const int> own);

}  // namespace twofour::app
