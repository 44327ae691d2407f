// CUTLASS's kernels for Hopper, dense and 2:4.
#include "providers/provider.h"

#include <cutlass/version.h>
#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "device/cuda/cuda_stream.h"
#include "providers/cutlass/candidates.h"
#include "providers/cutlass/kernel_names.h"
#include "providers/cutlass/operation.h"

namespace twofour::providers {
namespace sm90 {
namespace {

class CutlassProvider final : public Provider {
 public:
  CutlassProvider() {
    const int capability = device::current_compute_capability();
    if (capability != 90) {
      throw std::runtime_error(
          fmt::format("its kernels are for compute capability 9.0, this GPU has {}.{}",
                      capability / 10, capability % 10));
    }
  }

  [[nodiscard]] std::string version() const override {
    return fmt::format("{}.{}.{}", CUTLASS_MAJOR, CUTLASS_MINOR, CUTLASS_PATCH);
  }

  [[nodiscard]] std::vector<KernelInfo> kernels() const override {
    return kernel_infos(sm90::kernels());
  }

  [[nodiscard]] Support supports(const KernelInfo& kernel,
                                 const GemmProblem& problem) const override {
    return support_of(sm90::kernels(), problem, is_fixed(kernel.name));
  }

  [[nodiscard]] Footprint footprint(const KernelInfo& /*kernel*/, const GemmProblem& problem,
                                    int /*threads*/) const override {
    return {.weight_bytes = packed_bytes(problem),
            .workspace_bytes = kMostWorkspaceBytes,
            .weights_key = weights_key(problem)};
  }

  [[nodiscard]] std::unique_ptr<Operation> make_operation(
      const KernelInfo& kernel, const GemmProblem& problem) const override {
    // A winner among few kernels is none among more: a build's kernels are part of the tuning key.
    const std::string library =
        fmt::format("cutlass {}, {} kernels", version(), sm90::kernels().size());
    return std::make_unique<CutlassOperation>(kernel, problem, library, is_fixed(kernel.name));
  }
};

}  // namespace
}  // namespace sm90

std::unique_ptr<Provider> make_cutlass_provider() {
  return std::make_unique<sm90::CutlassProvider>();
}

}  // namespace twofour::providers
