// Whether a .jsonl is of the run that a command line asks for.
#pragma once

#include <span>

#include "app/session.h"
#include "core/record.h"

namespace twofour::app {

/// What may differ of the run that a row is of.
struct MayDiffer {
  bool anyway = false;      ///< all but the cases
  bool any_device = false;  ///< the device: several measure the run
};

/// Throws UsageError naming the row when `records` are not of the run that `session` would make.
void check_same_run(const Session& session, std::span<const workload::Case> cases,
                    std::span<const Record> records, const MayDiffer& may);

}  // namespace twofour::app
