// CUTLASS's kernels for Hopper, dense and 2:4.
#include "providers/provider.h"

#include <cutlass/version.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "core/gpu_architecture.h"
#include "device/cuda/cuda_stream.h"
#include "providers/cutlass/kernel_names.h"
#include "providers/cutlass/operation.h"
#include "providers/cutlass/sm90/candidates.h"

namespace twofour::providers {
namespace cutlass {
namespace {

class CutlassProvider final : public Provider {
 public:
  explicit CutlassProvider(const device::Device& device) {
    constexpr std::array kArchitectures{GpuArchitecture::kSm90};
    if (const auto why = refusal(kArchitectures, device::compute_capability_of(device))) {
      throw std::runtime_error(*why);
    }
  }

  [[nodiscard]] std::string version() const override {
    return fmt::format("{}.{}.{}", CUTLASS_MAJOR, CUTLASS_MINOR, CUTLASS_PATCH);
  }

  [[nodiscard]] std::vector<KernelInfo> kernels() const override {
    return kernel_infos(cutlass::kernels());
  }

  [[nodiscard]] Support supports(const KernelInfo& kernel,
                                 const GemmProblem& problem) const override {
    return support_of(cutlass::kernels(), problem, is_fixed(kernel.name));
  }

  [[nodiscard]] Footprint footprint(const KernelInfo& /*kernel*/, const GemmProblem& problem,
                                    int /*threads*/) const override {
    return {.weights = weight_layout(problem), .workspace_bytes = kMostWorkspaceBytes};
  }

  void pack(const KernelInfo& /*kernel*/, const GemmProblem& problem,
            const PackTask& task) const override {
    pack_weights(problem, task);
  }

  [[nodiscard]] std::unique_ptr<Operation> make_operation(
      const KernelInfo& kernel, const GemmProblem& problem) const override {
    // A winner among few kernels is none among more: a build's kernels are part of the tuning key.
    const std::string library =
        fmt::format("cutlass {}, {} kernels", version(), cutlass::kernels().size());
    return std::make_unique<CutlassOperation>(kernel, problem, library, is_fixed(kernel.name));
  }
};

}  // namespace
}  // namespace cutlass

std::unique_ptr<Provider> make_cutlass_provider(const device::Device& device) {
  return std::make_unique<cutlass::CutlassProvider>(device);
}

}  // namespace twofour::providers
