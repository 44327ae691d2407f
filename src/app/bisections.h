// --break-even: the cases that are added while a run goes on.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "core/record.h"
#include "workload/workload.h"

namespace twofour::app {

/// The next M of each layer (decide/break_even.h) as cases, numbered behind `cases`; none where all
/// is narrow enough. `grid`: how many of the cases the command line named; those behind them were
/// added, at most decide::kMostBisections for a layer. `records`: of `cases`, all of which are
/// done.
std::vector<workload::Case> bisections(std::span<const workload::Case> cases, std::size_t grid,
                                       std::span<const Record> records);

/// `cases` with those that an earlier part of the run had added: what was added follows from the
/// rows before, so it is worked out again for as long as there are rows of later cases.
std::vector<workload::Case> with_earlier_bisections(std::vector<workload::Case> cases,
                                                    std::span<const Record> records);

/// How many cases can still come, and how long their sampling takes at most; a line.
std::string possible_bisections(std::span<const workload::Case> cases, double max_time_s);

}  // namespace twofour::app
