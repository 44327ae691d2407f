// CUTLASS's kernels, dense and 2:4.
#include "providers/provider.h"

#include <cutlass/version.h>
#include <fmt/format.h>

#include <memory>
#include <string>
#include <vector>

#include "providers/cutlass/architectures.h"
#include "providers/cutlass/kernel_names.h"
#include "providers/cutlass/operation.h"
#include "providers/gpu_fit/fitted_operation.h"
#include "providers/tuning.h"

namespace twofour::providers {
namespace cutlass {
namespace {

class CutlassProvider final : public Provider {
 public:
  /// Throws as architecture_of() does.
  explicit CutlassProvider(const device::Device& device)
      : own_(architecture_of(device)),
        own_kernels_(kernels_for(own_.architecture, cutlass::kernels())) {}

  [[nodiscard]] std::string version() const override {
    return fmt::format("{}.{}.{}", CUTLASS_MAJOR, CUTLASS_MINOR, CUTLASS_PATCH);
  }

  [[nodiscard]] std::vector<KernelInfo> kernels() const override {
    return kernel_infos(own_kernels_);
  }

  [[nodiscard]] Support supports(const KernelInfo& kernel,
                                 const GemmProblem& problem) const override {
    if (Support whole = whole_groups(problem); !whole) return whole;
    return support_of(own_, own_kernels_, fit_of(problem).given, is_fixed(kernel.name));
  }

  [[nodiscard]] bool expands_six_eight() const override { return true; }

  [[nodiscard]] Footprint footprint(const KernelInfo& /*kernel*/, const GemmProblem& problem,
                                    int /*threads*/) const override {
    const Fit fit = fit_of(problem);
    return footprint_of(
        fit, {.weights = weight_layout(own_, fit.given), .workspace_bytes = kMostWorkspaceBytes});
  }

  void pack(const KernelInfo& /*kernel*/, const GemmProblem& problem,
            const PackTask& task) const override {
    const Fit fit = fit_of(problem);
    pack_fitted(fit, task, [&](const PackTask& given) { pack_weights(own_, fit.given, given); });
  }

  [[nodiscard]] std::unique_ptr<Operation> make_operation(
      const KernelInfo& kernel, const GemmProblem& problem) const override {
    // A winner among few kernels is none among more: a build's kernels are part of the tuning key.
    const std::string library =
        fmt::format("cutlass {}, {} kernels, {}", version(), own_kernels_.size(), kernels_build());
    const Fit fit = fit_of(problem);
    return fitted(fit, std::make_unique<CutlassOperation>(own_, kernel, fit.given, library,
                                                          is_fixed(kernel.name)));
  }

 private:
  static Fit fit_of(const GemmProblem& problem) { return fit_to(problem, side_units(problem)); }

  const Architecture& own_;
  std::vector<const Kernel*> own_kernels_;
};

}  // namespace
}  // namespace cutlass

std::unique_ptr<Provider> make_cutlass_provider(const device::Device& device) {
  return std::make_unique<cutlass::CutlassProvider>(device);
}

}  // namespace twofour::providers
