// What a GPU architecture has of its own among the CUTLASS kernels: one row each. The rest of the
// provider takes all of it from the row of the device's architecture.
#pragma once

#include <cuda_runtime_api.h>

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "core/gpu_architecture.h"
#include "core/problem.h"
#include "device/device.h"
#include "providers/cutlass/kernel.h"

namespace twofour::providers::cutlass {

/// The functions are those of the same names in the architecture's folder, which say more.
struct Architecture {
  GpuArchitecture architecture;  ///< as KernelTraits of its kernels have it
  /// Which kernels and tactics are worth timing, the most promising first.
  std::vector<Candidate> (*candidates)(std::span<const Kernel* const> kernels,
                                       const GemmProblem& problem, int multiprocessors);
  /// The kernel of fixed dispatch; empty where `kernels` lacks it or there is no such dispatch.
  std::vector<Candidate> (*fixed_candidate)(std::span<const Kernel* const> kernels,
                                            const GemmProblem& problem);
  /// K of a compressed 2:4 weight, padded.
  std::int64_t (*packed_k)(std::int64_t k, DataType type);
  /// Bytes of the compressed 2:4 weight [n][k].
  std::size_t (*values_bytes)(std::int64_t n, std::int64_t k, DataType type);
  std::size_t (*metadata_bytes)(std::int64_t n, std::int64_t k);
  /// Compresses b [n][k] on the GPU.
  void (*compress)(DataType type, const void* b, std::int64_t n, std::int64_t k, void* values,
                   std::uint8_t* metadata, cudaStream_t stream);
};

std::span<const Architecture> architectures();

/// The row of the GPU that `device` is. Throws std::runtime_error where no row is for it, and
/// std::logic_error for a device that is not a GPU.
const Architecture& architecture_of(const device::Device& device);

/// Those of `kernels` that are compiled for `architecture`, in their order.
std::vector<const Kernel*> kernels_for(GpuArchitecture architecture,
                                       std::span<const Kernel* const> kernels);

}  // namespace twofour::providers::cutlass
