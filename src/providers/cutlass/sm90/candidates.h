// Which kernels and tactics are worth timing for a problem, the most promising first. Pure host
// logic.
#pragma once

#include <span>
#include <vector>

#include "core/problem.h"
#include "providers/cutlass/kernel.h"

namespace twofour::providers::cutlass::sm90 {

/// The kernels of `kernels` that have the types and sparsity of `problem` and can implement it,
/// each with the tactics that make a difference at its shape. They are ordered by estimated time,
/// so that the first one is a fair choice without timing. `multiprocessors`: SMs of the GPU.
std::vector<Candidate> candidates(std::span<const Kernel* const> kernels,
                                  const GemmProblem& problem, int multiprocessors);

/// The one kernel that the fixed dispatch of vLLM's sparse_benchmarks.py would take for this M (see
/// docs/cutlass.md); empty if `kernels` does not have it.
std::vector<Candidate> fixed_candidate(std::span<const Kernel* const> kernels,
                                       const GemmProblem& problem);

}  // namespace twofour::providers::cutlass::sm90
