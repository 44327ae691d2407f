// From compiled kernels to the contract's names, and which problems they take. Pure host logic.
#pragma once

#include <span>
#include <string_view>
#include <vector>

#include "core/problem.h"
#include "providers/cutlass/architectures.h"
#include "providers/cutlass/kernel.h"
#include "providers/provider.h"

namespace twofour::providers::cutlass {

/// One for each combination of types, sparsity and bias that `kernels` has, and beside each 2:4
/// kernel of an 8-bit type one whose name ends in "_fixed_tiles": it does not search but takes the
/// kernel that vLLM's sparse_benchmarks.py would have taken (fixed_candidate()).
std::vector<KernelInfo> kernel_infos(std::span<const Kernel* const> kernels);

/// Whether a kernel of that name has fixed tiles.
bool is_fixed(std::string_view name);

/// Whether some kernel of `kernels`, which are of `architecture`, takes `problem`.
Support support_of(const Architecture& architecture, std::span<const Kernel* const> kernels,
                   const GemmProblem& problem, bool fixed);

}  // namespace twofour::providers::cutlass
