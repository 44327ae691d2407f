// Kernels of our own for GPUs: 2:4 and dense for small M, 2:4 of 8 bits for large M.
#include <fmt/format.h>

#include <memory>
#include <string>
#include <vector>

#include "providers/cuda/architectures.h"
#include "providers/provider.h"

namespace twofour::providers {
namespace cuda {
namespace {

void add_kernels(std::vector<KernelInfo>& kernels, const TypePair& types) {
  const auto [a, d, by_default] = types;
  for (const Sparsity sparsity : {Sparsity::kDense, Sparsity::kTwoFour}) {
    for (const bool bias : {false, true}) {
      kernels.push_back(
          {.name = kernel_name("cuda", a, a, d, sparsity, bias),
           .a = a,
           .b = a,
           .d = d,
           .sparsity = sparsity,
           .bias = bias,
           .accumulation = is_float8(a) ? Accumulation::kFp8Fast : Accumulation::kWide,
           .by_default = by_default});
    }
  }
}

class CudaProvider final : public Provider {
 public:
  /// Throws as architecture_of() does.
  explicit CudaProvider(const device::Device& device) : own_(architecture_of(device)) {}

  [[nodiscard]] std::string version() const override { return TWOFOUR_VERSION; }

  [[nodiscard]] std::vector<KernelInfo> kernels() const override {
    std::vector<KernelInfo> kernels;
    for (const TypePair& types : own_.types) add_kernels(kernels, types);
    return kernels;
  }

  [[nodiscard]] Support supports(const KernelInfo& /*kernel*/,
                                 const GemmProblem& problem) const override {
    const GemmShape& shape = problem.shape;
    const std::int64_t most_m = own_.most_m(problem);
    if (shape.m > most_m) {
      return Support::no(fmt::format("M = {}: {} kernels of {} are for at most {} tokens", shape.m,
                                     to_string(problem.sparsity), info(problem.a).kernel_name,
                                     most_m));
    }
    const std::int64_t k_multiple = elements_in(problem.a, own_.row_multiple);
    if (shape.k % k_multiple != 0) {
      return Support::no(fmt::format("K = {} is not a multiple of {}", shape.k, k_multiple));
    }
    return Support::yes();
  }

  [[nodiscard]] Footprint footprint(const KernelInfo& /*kernel*/, const GemmProblem& problem,
                                    int /*threads*/) const override {
    return {.weights = own_.weight_layout(problem)};
  }

  void pack(const KernelInfo& /*kernel*/, const GemmProblem& problem,
            const PackTask& task) const override {
    own_.pack_weights(problem, task);
  }

  [[nodiscard]] std::unique_ptr<Operation> make_operation(
      const KernelInfo& kernel, const GemmProblem& problem) const override {
    return own_.make_operation(kernel.name, problem);
  }

 private:
  const Architecture& own_;
};

}  // namespace
}  // namespace cuda

std::unique_ptr<Provider> make_cuda_provider(const device::Device& device) {
  return std::make_unique<cuda::CudaProvider>(device);
}

}  // namespace twofour::providers
