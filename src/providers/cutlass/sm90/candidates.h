// Which kernels, launched how, are worth timing for a problem. Pure host logic.
#pragma once

#include <span>
#include <vector>

#include "core/problem.h"
#include "providers/cutlass/kernel.h"

namespace twofour::providers::cutlass::sm90 {

/// The kernels of `kernels` for operand and output types and sparsity of `problem` whose
/// can_implement() agrees, with the tactics that make a difference at its shape; the most promising
/// first, so that the first one is a fair choice without timing. `multiprocessors` is that of the
/// GPU.
std::vector<Candidate> candidates(std::span<const Kernel* const> kernels,
                                  const GemmProblem& problem, int multiprocessors);

/// The tile that fixed dispatch would take for M rows: see docs/cutlass.md. Nothing where `kernels`
/// has none of that name.
std::vector<Candidate> fixed_candidate(std::span<const Kernel* const> kernels,
                                       const GemmProblem& problem);

}  // namespace twofour::providers::cutlass::sm90
