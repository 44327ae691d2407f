// From compiled kernels to the contract's names, and which problems they take. Pure host logic.
#pragma once

#include <span>
#include <string_view>
#include <vector>

#include "core/problem.h"
#include "providers/cutlass/architectures.h"
#include "providers/cutlass/kernel.h"
#include "providers/gpu_fit/fit.h"
#include "providers/provider.h"

namespace twofour::providers::cutlass {

/// One for each combination of types, sparsity and bias that `kernels` has, and beside each 2:4
/// kernel of an 8-bit type one whose name ends in "_fixed_tiles": it does not search but takes the
/// kernel that vLLM's sparse_benchmarks.py would have taken (fixed_candidate()).
std::vector<KernelInfo> kernel_infos(std::span<const Kernel* const> kernels);

/// Whether a kernel of that name has fixed tiles.
bool is_fixed(std::string_view name);

/// What they want sides to be multiples of: rows of activations, of dense weights and of D are
/// whole vectors of 16 bytes. Compressed weights are padded by themselves.
SideUnits side_units(const GemmProblem& problem);

/// Whether some kernel of `kernels`, which are of `architecture`, takes `problem`, whose sides are
/// of side_units().
Support support_of(const Architecture& architecture, std::span<const Kernel* const> kernels,
                   const GemmProblem& problem, bool fixed);

}  // namespace twofour::providers::cutlass
