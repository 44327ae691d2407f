// A run on several devices of this host: a process for each, and this one, which starts them, hands
// out cases, and brings together what they have.
#pragma once

#include <string>
#include <vector>

#include "app/command.h"
#include "app/device_list.h"
#include "app/options.h"
#include "workload/workload.h"

namespace twofour::app {

/// Runs `cases` on `devices`, which are several. `job`: which of several processes this one is, in
/// words; empty: there is one. Returns the exit code. Throws as bench does.
int bench_many(const BenchOptions& options, const CommandLine& line,
               const std::vector<workload::Case>& cases, const std::vector<ListedDevice>& devices,
               const std::string& job);

/// What --dry-run tells of `devices`, behind the plan of one of them. `max_time_s`: of one case.
std::string devices_plan(const BenchOptions& options, const std::vector<workload::Case>& cases,
                         const std::vector<ListedDevice>& devices, double max_time_s);

}  // namespace twofour::app
