// What PyTorch does with a problem, decided without one.
#pragma once

#include <vector>

#include "core/problem.h"
#include "providers/gpu_fit/fit.h"
#include "providers/provider.h"

namespace twofour::providers::torch {

/// Every kernel of this provider on a GPU of `compute_capability`, in the names of vLLM's
/// sparse_benchmarks.py.
std::vector<KernelInfo> list_kernels(int compute_capability);

/// What PyTorch documents as impossible, with sides of side_units().
Support rules_allow(const GemmProblem& problem);

/// What it demands sides to be multiples of.
SideUnits side_units(const GemmProblem& problem);

/// Whether scales go in as a vector of each operand: PyTorch takes two vectors or two numbers.
bool scales_by_row(const GemmProblem& problem);

}  // namespace twofour::providers::torch
