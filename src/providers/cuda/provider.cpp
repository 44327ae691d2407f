// Kernels of our own for GPUs: 2:4 and dense for small M on Hopper.
#include <fmt/format.h>

#include <array>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "core/gpu_architecture.h"
#include "device/cuda/cuda_stream.h"
#include "providers/cuda/sm90/decode.h"
#include "providers/cuda/sm90/layout.h"
#include "providers/cuda/sm90/operation.h"
#include "providers/provider.h"

namespace twofour::providers {
namespace cuda {
namespace {

/// The copy engine takes rows of activations whose length is a multiple of this.
constexpr std::int64_t kColumnMultiple = 16;

void add_kernels(std::vector<KernelInfo>& kernels, DataType a, DataType d) {
  for (const Sparsity sparsity : {Sparsity::kDense, Sparsity::kTwoFour}) {
    for (const bool bias : {false, true}) {
      kernels.push_back(
          {.name = kernel_name("cuda", a, a, d, sparsity, bias),
           .a = a,
           .b = a,
           .d = d,
           .sparsity = sparsity,
           .bias = bias,
           .accumulation = is_float8(a) ? Accumulation::kFp8Fast : Accumulation::kWide});
    }
  }
}

class CudaProvider final : public Provider {
 public:
  explicit CudaProvider(const device::Device& device) {
    constexpr std::array kArchitectures{GpuArchitecture::kSm90};
    if (const auto why = refusal(kArchitectures, device::compute_capability_of(device))) {
      throw std::runtime_error(*why);
    }
  }

  [[nodiscard]] std::string version() const override { return TWOFOUR_VERSION; }

  [[nodiscard]] std::vector<KernelInfo> kernels() const override {
    std::vector<KernelInfo> kernels;
    add_kernels(kernels, DataType::kInt8, DataType::kBf16);
    add_kernels(kernels, DataType::kFp8E4m3, DataType::kBf16);
    add_kernels(kernels, DataType::kFp8E4m3, DataType::kFp16);
    return kernels;
  }

  [[nodiscard]] Support supports(const KernelInfo& /*kernel*/,
                                 const GemmProblem& problem) const override {
    const GemmShape& shape = problem.shape;
    if (shape.m > sm90::kMaxM) {
      return Support::no(
          fmt::format("M = {}: kernels for at most {} tokens", shape.m, sm90::kMaxM));
    }
    if (shape.k % kColumnMultiple != 0) {
      return Support::no(fmt::format("K = {} is not a multiple of {}", shape.k, kColumnMultiple));
    }
    return Support::yes();
  }

  [[nodiscard]] Footprint footprint(const KernelInfo& /*kernel*/, const GemmProblem& problem,
                                    int /*threads*/) const override {
    return {.weights = sm90::weight_layout(problem)};
  }

  void pack(const KernelInfo& /*kernel*/, const GemmProblem& problem,
            const PackTask& task) const override {
    sm90::pack_weights(problem, task);
  }

  [[nodiscard]] std::unique_ptr<Operation> make_operation(
      const KernelInfo& kernel, const GemmProblem& problem) const override {
    return std::make_unique<sm90::DecodeOperation>(kernel.name, problem);
  }
};

}  // namespace
}  // namespace cuda

std::unique_ptr<Provider> make_cuda_provider(const device::Device& device) {
  return std::make_unique<cuda::CudaProvider>(device);
}

}  // namespace twofour::providers
