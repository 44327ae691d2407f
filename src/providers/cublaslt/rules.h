// What this provider does with a problem, decided without a GPU.
#pragma once

#include <cstdint>
#include <vector>

#include "core/problem.h"
#include "providers/provider.h"

namespace twofour::providers::cublaslt {

/// Where scales are applied.
enum class Scaling : std::uint8_t {
  kNone,            ///< the problem has none
  kAlpha,           ///< 16-bit types, per tensor: the product of both scales is alpha
  kScalars,         ///< fp8, per tensor: one scale of each operand, applied by the library
  kVectors,         ///< fp8, otherwise: a vector of scales of each operand, applied by the library
  kSeparateKernel,  ///< the library leaves sums (int32 or float32) and a kernel of ours scales
                    ///< them, adds the bias and converts
};

/// Whether the cuBLASLt that this is compiled against knows vectors of scales, from CUDA 12.9 on.
/// Whether it has kernels for them depends on the GPU too (takes_scale_vectors of matmul.h).
extern const bool kKnowsScaleVectors;

/// int8: the library has no product of int8 operands with a 16-bit result. 16-bit types with a
/// vector of scales: it has no such scales for them, nor for fp8 without `takes_vectors`. A batch
/// is given no vectors: which of them each GEMM then has is not documented.
Scaling scaling_of(const GemmProblem& problem, bool takes_vectors);

/// Where it adds a 16-bit bias to rows of N not a multiple of 8, more than one of them, the library
/// writes the product in D's type first and adds the bias to that (seen with 12.9 on an H200: M =
/// 2, K = 4104, N = 4100). Elsewhere as the kernel does.
Accumulation accumulation_of(const KernelInfo& kernel, const GemmProblem& problem, Scaling scaling);

/// Bytes of the sums that the library leaves; 0 when it writes the output.
std::size_t sum_bytes(const GemmProblem& problem, Scaling scaling);

/// Bytes of the activations of a batch, one behind another; 0 without one, where the operands' own
/// are read.
std::size_t activation_bytes(const GemmProblem& problem);

/// Every kernel of this provider on a GPU of `compute_capability`.
std::vector<KernelInfo> list_kernels(int compute_capability);

/// What the library documents as impossible; what it decides by itself is asked in the provider.
Support rules_allow(const GemmProblem& problem);

}  // namespace twofour::providers::cublaslt
