// Dense products of cuBLASLt: the baseline that a GPU's 2:4 kernels must beat.
#include "providers/provider.h"

#include <fmt/format.h>

#include <memory>
#include <string>
#include <vector>

#include "device/cuda/cuda_stream.h"
#include "providers/cublaslt/matmul.h"
#include "providers/cublaslt/operation.h"
#include "providers/cublaslt/rules.h"
#include "providers/gpu_library/dense_weights.h"
#include "providers/gpu_library/refusal.h"

namespace twofour::providers {
namespace cublaslt {
namespace {

class CublasLtProvider final : public Provider {
 public:
  explicit CublasLtProvider(const device::Device& device)
      : compute_capability_(device::compute_capability_of(device)),
        handle_(std::make_shared<const Handle>()),
        takes_vectors_(takes_scale_vectors(*handle_)) {}

  [[nodiscard]] std::string version() const override { return library_version(); }

  [[nodiscard]] std::vector<KernelInfo> kernels() const override {
    return list_kernels(compute_capability_);
  }

  [[nodiscard]] Support supports(const KernelInfo& kernel,
                                 const GemmProblem& problem) const override {
    if (Support allowed = rules_allow(problem); !allowed) return allowed;
    const Attachments attachments{address_never_read(), address_never_read(), address_never_read()};
    const bool fast = kernel.accumulation == Accumulation::kFp8Fast;
    return unless_refused([&] {
      const Description description(problem, scaling(problem), fast, attachments);
      if (!description.algorithms(*handle_, 1).empty()) return Support::yes();
      return Support::no(fmt::format("cuBLASLt {} has no algorithm for it on this GPU", version()));
    });
  }

  [[nodiscard]] Accumulation accumulation(const KernelInfo& kernel,
                                          const GemmProblem& problem) const override {
    return accumulation_of(kernel, problem, scaling(problem));
  }

  [[nodiscard]] Footprint footprint(const KernelInfo& /*kernel*/, const GemmProblem& problem,
                                    int /*threads*/) const override {
    return {.weights = dense_layout("cublaslt", problem),
            .workspace_bytes =
                kWorkspaceBytes + sum_bytes(problem, scaling(problem)) + activation_bytes(problem)};
  }

  void pack(const KernelInfo& /*kernel*/, const GemmProblem& problem,
            const PackTask& task) const override {
    repeat(task.device, task.weights, task.packed, dense_layout("cublaslt", problem).bytes);
  }

  [[nodiscard]] std::unique_ptr<Operation> make_operation(
      const KernelInfo& kernel, const GemmProblem& problem) const override {
    return std::make_unique<MatmulOperation>(handle_, kernel, problem, scaling(problem));
  }

 private:
  [[nodiscard]] Scaling scaling(const GemmProblem& problem) const {
    return scaling_of(problem, takes_vectors_);
  }

  int compute_capability_;
  std::shared_ptr<const Handle> handle_;
  bool takes_vectors_;
};

}  // namespace
}  // namespace cublaslt

std::unique_ptr<Provider> make_cublaslt_provider(const device::Device& device) {
  return std::make_unique<cublaslt::CublasLtProvider>(device);
}

}  // namespace twofour::providers
