// Which kernels, launched how, are worth timing for a problem. Pure host logic.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "core/problem.h"
#include "providers/cutlass/kernel.h"

namespace twofour::providers::sm90 {

struct Candidate {
  const Kernel* kernel = nullptr;
  Tactic tactic;
};

/// "128x256x128_CO_c21_sk swizzle=4": what the tuning file and Operation::algorithm() call it.
std::string name_of(const Candidate& candidate);

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

}  // namespace twofour::providers::sm90
