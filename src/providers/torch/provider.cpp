// PyTorch's dense products, the baselines of vLLM's sparse_benchmarks.py, through its C++
// interface.
#include "providers/provider.h"

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "device/cuda/cuda_stream.h"
#include "providers/gpu_fit/fitted_operation.h"
#include "providers/gpu_library/dense_weights.h"
#include "providers/torch/library.h"
#include "providers/torch/operation.h"
#include "providers/torch/rules.h"

namespace twofour::providers {
namespace torch {
namespace {

class TorchProvider final : public Provider {
 public:
  explicit TorchProvider(const device::Device& device)
      : module_(*load_module(module_path())),
        compute_capability_(device::compute_capability_of(device)) {}

  [[nodiscard]] std::string version() const override { return module_.version; }

  [[nodiscard]] std::vector<KernelInfo> kernels() const override {
    return list_kernels(compute_capability_);
  }

  [[nodiscard]] Support supports(const KernelInfo& /*kernel*/,
                                 const GemmProblem& problem) const override {
    return rules_allow(problem);
  }

  [[nodiscard]] Footprint footprint(const KernelInfo& /*kernel*/, const GemmProblem& problem,
                                    int /*threads*/) const override {
    // PyTorch gives cuBLAS 32 MiB on Hopper.
    const Fit fit = fit_of(problem);
    return footprint_of(fit, {.weights = dense_layout("torch", fit.given),
                              .workspace_bytes = std::size_t{32} << 20});
  }

  void pack(const KernelInfo& /*kernel*/, const GemmProblem& problem,
            const PackTask& task) const override {
    pack_fitted(fit_of(problem), task, [](const PackTask& given) { copy_dense_weights(given); });
  }

  [[nodiscard]] std::unique_ptr<Operation> make_operation(
      const KernelInfo& kernel, const GemmProblem& problem) const override {
    const Fit fit = fit_of(problem);
    return fitted(fit, std::make_unique<MatmulOperation>(module_, kernel, fit.given));
  }

 private:
  static Fit fit_of(const GemmProblem& problem) { return fit_to(problem, side_units(problem)); }

  const TwofourTorchModule& module_;
  int compute_capability_;
};

}  // namespace
}  // namespace torch

std::unique_ptr<Provider> make_torch_provider(const device::Device& device) {
  return std::make_unique<torch::TorchProvider>(device);
}

}  // namespace twofour::providers
