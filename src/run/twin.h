// The A/A control: a dense kernel of a case once more, with copies of its weights and a D of its
// own. What the two differ by is what this machine makes of equal kernels.
#pragma once

#include <optional>
#include <set>
#include <span>

#include "run/case_state.h"
#include "workload/workload.h"

namespace twofour::run {

/// Of each regime (report::kSizeClasses), the first case and then every so many have a twin, as
/// long as twins take no more than measure::kTwinShare of the run.
inline constexpr int kTwinEvery = 8;

/// What the name of a twin ends with, so that a result file has no two rows of one name.
inline constexpr std::string_view kTwinSuffix = "_twin";

/// Indices of the cases that have a twin, where each case has `kernels` others. A kernel is sampled
/// for as long as its precision takes, whatever its size, so each is expected to take the same
/// time. Where a run is too short for a twin in each regime, those of most cases have one. Cases
/// that are skipped count for nothing.
std::set<int> control_cases(std::span<const workload::Case> cases, std::size_t kernels);

/// Place of the entry that a twin of `type` would be of: by its verifying launch the fastest dense
/// one that a 2:4 entry which is alive is compared with. Nothing where there is none, or no room
/// for another one.
std::optional<std::size_t> twin_candidate(CaseState& state, DataType type);

/// An entry that is not prepared yet, the twin of entry `original`. Throws as allocate() does.
Entry make_twin(CaseState& state, std::size_t original);

}  // namespace twofour::run
