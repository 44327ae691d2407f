// PyTorch's dense products, the baselines of vLLM's sparse_benchmarks.py, through its C++
// interface.
#include "providers/provider.h"

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "device/cuda/cuda_stream.h"
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
    return {.weights = dense_layout("torch", problem), .workspace_bytes = std::size_t{32} << 20};
  }

  void pack(const KernelInfo& /*kernel*/, const GemmProblem& /*problem*/,
            const PackTask& task) const override {
    copy_dense_weights(task);
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
