// What cuSPARSELt does with a problem, decided without a GPU.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "core/problem.h"
#include "providers/gpu_fit/fit.h"
#include "providers/provider.h"

namespace twofour::providers::cusparselt {

/// Every kernel of this provider on a GPU of `compute_capability`.
std::vector<KernelInfo> list_kernels(int compute_capability);

/// What the library documents as impossible (version 0.8), with sides of side_units(); what it
/// decides by itself is asked in the provider.
Support rules_allow(const GemmProblem& problem);

/// What it compresses weights of this type in multiples of.
SideUnits side_units(const GemmProblem& problem);

/// Rows of A and D that the library computes for `m` rows of `type`: it takes dense matrices whose
/// sides are multiples of 16 bytes.
std::int64_t padded_rows(std::int64_t m, DataType type);

/// Bytes of the activations that the operation makes of the operands': padded, and of a batch one
/// behind another; 0 where those are read.
std::size_t activation_bytes(const GemmProblem& problem);

/// Whether the library's algorithms for the problem may be tried one by one.
bool may_search(const GemmProblem& problem);

/// Whether the scales go in as a vector of products, one for each row of the library's D, which is
/// a column of ours; otherwise their product is one number.
bool scales_by_channel(const GemmProblem& problem);

}  // namespace twofour::providers::cusparselt
