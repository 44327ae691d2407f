#include "providers/cpu/kernel_list.h"

#include <array>

namespace twofour::providers::cpu {

std::span<const Kernel* const> kernel_list() {
  static constexpr std::array kKernels{
#define TWOFOUR_CPU_KERNEL(isa_namespace, kernel) &isa_namespace::kernel,
#include "providers/cpu/kernel_list.inc"
#undef TWOFOUR_CPU_KERNEL
  };
  return kKernels;
}

const Kernel* find_kernel(Features features, DataType type, Sparsity sparsity, std::int64_t m) {
  for (const Kernel* kernel : kernel_list()) {
    if (kernel->type != type || kernel->sparsity != sparsity || m < kernel->min_rows) continue;
    if (features.has(kernel->needs)) return kernel;
  }
  return nullptr;
}

}  // namespace twofour::providers::cpu
