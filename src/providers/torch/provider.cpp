// PyTorch's dense products, the baselines of vLLM's sparse_benchmarks.py, through its C++
// interface.
#include "providers/provider.h"

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "device/cuda/cuda_stream.h"
#include "providers/torch/library.h"
#include "providers/torch/operation.h"
#include "providers/torch/rules.h"

namespace twofour::providers {
namespace torch {
namespace {

class TorchProvider final : public Provider {
 public:
  explicit TorchProvider(const device::Device& device)
      : module_(load_module(module_path())),
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
    const auto elements = static_cast<std::size_t>(problem.shape.n * problem.shape.k);
    // PyTorch gives cuBLAS 32 MiB on Hopper.
    return {.weight_bytes = elements * static_cast<std::size_t>(size_of(problem.b)),
            .workspace_bytes = std::size_t{32} << 20,
            .weights_key = weights_key(problem)};
  }

  [[nodiscard]] std::unique_ptr<Operation> make_operation(
      const KernelInfo& kernel, const GemmProblem& problem) const override {
    return std::make_unique<MatmulOperation>(module_, kernel, problem);
  }

 private:
  const TwofourTorchModule& module_;
  int compute_capability_;
};

}  // namespace
}  // namespace torch

std::unique_ptr<Provider> make_torch_provider(const device::Device& device) {
  return std::make_unique<torch::TorchProvider>(device);
}

}  // namespace twofour::providers
