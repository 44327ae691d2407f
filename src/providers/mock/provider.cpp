#include "providers/provider.h"

#include "providers/mock/config.h"
#include "providers/mock/operation.h"

namespace twofour::providers {
namespace mock {
namespace {

class MockProvider final : public Provider {
 public:
  explicit MockProvider(Config config) : config_(std::move(config)) {}

  [[nodiscard]] std::string version() const override { return "1"; }

  [[nodiscard]] std::vector<KernelInfo> kernels() const override {
    std::vector<KernelInfo> kernels{{.name = "mock_bf16_bf16_bf16_matmul-no-scales",
                                     .a = DataType::kBf16,
                                     .b = DataType::kBf16,
                                     .d = DataType::kBf16,
                                     .scaled = false}};
    for (const DataType a : {DataType::kInt8, DataType::kFp8E4m3, DataType::kBf16}) {
      for (const Sparsity sparsity : {Sparsity::kDense, Sparsity::kTwoFour}) {
        for (const bool bias : {false, true}) {
          kernels.push_back({.name = kernel_name("mock", a, a, DataType::kBf16, sparsity, bias),
                             .a = a,
                             .b = a,
                             .d = DataType::kBf16,
                             .sparsity = sparsity,
                             .bias = bias});
        }
      }
    }
    return kernels;
  }

  [[nodiscard]] Support supports(const KernelInfo& kernel,
                                 const GemmProblem& problem) const override {
    if (config_.fault_of(kernel.name, problem) == FaultKind::kUnsupported) {
      return Support::no("the mock was told not to support this");
    }
    if (problem.sparsity == Sparsity::kTwoFour && problem.shape.k % 4 != 0) {
      return Support::no("K is not a multiple of 4");
    }
    return Support::yes();
  }

  [[nodiscard]] Footprint footprint(const KernelInfo& /*kernel*/, const GemmProblem& problem,
                                    int /*threads*/) const override {
    // The decoded operands and the result, all of them gone or small after prepare(). No packed
    // weights: nothing is read from memory, so every launch is as cold as it is hot.
    const auto [m, n, k] = problem.shape;
    const auto decoded = static_cast<std::size_t>((m + n) * k) * sizeof(double);
    return {.workspace_bytes = decoded + static_cast<std::size_t>(m * n) * sizeof(std::uint16_t)};
  }

  [[nodiscard]] std::unique_ptr<Operation> make_operation(
      const KernelInfo& kernel, const GemmProblem& problem) const override {
    return std::make_unique<MockOperation>(config_, kernel.name, problem);
  }

 private:
  Config config_;
};

}  // namespace
}  // namespace mock

std::unique_ptr<Provider> make_mock_provider(const device::Device& /*device*/) {
  return std::make_unique<mock::MockProvider>(mock::config_from_environment());
}

}  // namespace twofour::providers
