// What an earlier run left to do.
#pragma once

#include <span>
#include <vector>

#include "app/session.h"
#include "core/record.h"

namespace twofour::app {

/// Throws UsageError naming the row when `records` are not of the run that `session` would make.
void check_same_run(const Session& session, std::span<const workload::Case> cases,
                    std::span<const Record> records);

/// The kernels of the session that have no row at case `c`.
std::vector<run::SelectedKernel> kernels_left(const Session& session, const workload::Case& c,
                                              std::span<const Record> records);

}  // namespace twofour::app
