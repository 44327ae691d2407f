// Whether a .jsonl is of the run that a command line asks for.
#pragma once

#include <span>

#include "app/session.h"
#include "core/record.h"

namespace twofour::app {

/// Throws UsageError naming the row when `records` are not of the run that `session` would make.
/// `anyway`: of the same cases is enough.
void check_same_run(const Session& session, std::span<const workload::Case> cases,
                    std::span<const Record> records, bool anyway);

}  // namespace twofour::app
