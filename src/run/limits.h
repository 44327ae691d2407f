// Kernels that take no M above a limit, which a run says once and not in each case.
#pragma once

#include <functional>
#include <map>
#include <span>
#include <string>

#include "run/selection.h"
#include "workload/workload.h"

namespace twofour::run {

/// By name of a kernel, the index of the case that has its row about the limit.
using LimitCases = std::map<std::string, int, std::less<>>;

/// The first of `cases` with an M beyond KernelInfo::most_m, for each of `kernels` that has one.
/// Cases that are skipped count for nothing.
LimitCases limit_cases(std::span<const workload::Case> cases,
                       std::span<const SelectedKernel> kernels);

/// Whether M of `c` is beyond what `kernel` takes.
bool beyond_limit(const providers::KernelInfo& kernel, const workload::Case& c);

/// Whether `kernel` has rows in `c`: not where it is beyond its limit and another case says so.
bool has_rows(const providers::KernelInfo& kernel, const workload::Case& c,
              const LimitCases& limits);

}  // namespace twofour::run
