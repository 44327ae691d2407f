// What a GPU architecture has of its own among our kernels: one row each. The rest of the provider
// takes all of it from the row of the device's architecture.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include "core/gpu_architecture.h"
#include "core/problem.h"
#include "device/device.h"
#include "providers/provider.h"

namespace twofour::providers::cuda {

struct TypePair {
  DataType a;  ///< of both operands
  DataType d;
};

struct Architecture {
  GpuArchitecture architecture;
  std::span<const TypePair> types;  ///< that it has kernels for, in the order of the tables
  /// Largest M of the problem's types, sparsity and batch, where there is one; its shape is not
  /// looked at.
  std::optional<std::int64_t> (*most_m)(const GemmProblem& problem);
  std::int64_t row_multiple;  ///< what the bytes of a row of A have to be a multiple of
  WeightLayout (*weight_layout)(const GemmProblem& problem);
  void (*pack_weights)(const GemmProblem& problem, const PackTask& task);
  /// What an operation allocates.
  std::size_t (*workspace_bytes)(const GemmProblem& problem);
  /// `kernel` is the contract's name.
  std::unique_ptr<Operation> (*make_operation)(std::string kernel, const GemmProblem& problem);
};

std::span<const Architecture> architectures();

/// The row of the GPU that `device` is. Throws std::runtime_error where no row is for it, and
/// std::logic_error for a device that is not a GPU.
const Architecture& architecture_of(const device::Device& device);

}  // namespace twofour::providers::cuda
