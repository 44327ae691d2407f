// The kernels that exist, and the one to use.
#pragma once

#include <span>

#include "providers/cpu/kernel.h"

namespace twofour::providers::cpu {

// Each kernel is defined, constant-initialised, in the folder of its instruction set.
#define TWOFOUR_CPU_KERNEL(isa_namespace, kernel) \
  namespace isa_namespace {                       \
  extern const Kernel kernel;                     \
  }
#include "providers/cpu/kernel_list.inc"
#undef TWOFOUR_CPU_KERNEL

/// Every kernel in kernel_list.inc, whatever this machine can run.
std::span<const Kernel* const> kernel_list();

/// The kernel for `m` rows: the first in the list that is meant for so many and whose needs
/// `features` meets. Every type of operands and sparsity has a portable one, which needs nothing;
/// null for other types (float32).
const Kernel* find_kernel(Features features, DataType type, Sparsity sparsity, std::int64_t m);

}  // namespace twofour::providers::cpu
