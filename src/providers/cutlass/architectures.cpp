#include "providers/cutlass/architectures.h"

#include <algorithm>
#include <array>
#include <iterator>

#include "core/gpu_architecture_row.h"
#include "device/cuda/cuda_stream.h"
#include "providers/cutlass/sm90/candidates.h"
#include "providers/cutlass/sm90/compress.h"
#include "providers/cutlass/sm90/layout.h"

namespace twofour::providers::cutlass {
namespace {

constexpr std::array kArchitectures{
    Architecture{.architecture = GpuArchitecture::kSm90,
                 .candidates = sm90::candidates,
                 .fixed_candidate = sm90::fixed_candidate,
                 .packed_k = sm90::packed_k,
                 .values_bytes = sm90::values_bytes,
                 .metadata_bytes = sm90::metadata_bytes,
                 .compress = sm90::compress},
};

}  // namespace

std::span<const Architecture> architectures() { return kArchitectures; }

const Architecture& architecture_of(const device::Device& device) {
  return row_for(architectures(), device::compute_capability_of(device));
}

std::vector<const Kernel*> kernels_for(GpuArchitecture architecture,
                                       std::span<const Kernel* const> kernels) {
  std::vector<const Kernel*> own;
  std::copy_if(kernels.begin(), kernels.end(), std::back_inserter(own),
               [&](const Kernel* kernel) { return kernel->traits().architecture == architecture; });
  return own;
}

}  // namespace twofour::providers::cutlass
