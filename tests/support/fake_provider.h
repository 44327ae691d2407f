// Kernels that take the time they are told, and fail when they are told.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "providers/provider.h"
#include "support/fake_device.h"

namespace twofour::testing {

enum class FakeFault : std::uint8_t {
  kNone,
  kWrongResult,
  kLacksLast,  ///< of a batch the last GEMM is not computed
  kThrowsInSupports,
  kThrowsInPrepare,
  kThrowsInPlan,
  kThrowsInVerification,
  kThrowsWhenSampled,
  kThrowsUnderLoad,  ///< when each kernel of a case of two has had a loop
  kLosesDeviceInPrepare,
  kLosesDeviceInSearch,  ///< with "algorithm 7", unless it is told to avoid it
  kLosesDeviceWhenSampled,
};

/// One kernel and how it behaves. int8 and bf16 operands, bf16 output.
struct FakeKernel {
  providers::KernelInfo info;
  double launch_s = 1e-3;
  FakeFault fault = FakeFault::kNone;
  std::size_t weight_bytes = 256;
  std::string weights_key;  ///< empty: the kernel's name, shared with nobody
  std::optional<std::string> unsupported;
  std::string copies;    ///< Operation::copies()
  bool guesses = false;  ///< guess() has an answer, with a megabyte of weights
};

/// What was asked of one kernel.
struct FakeCalls {
  int asked = 0;    ///< supports() and footprint()
  int guessed = 0;  ///< guess(), whether it has an answer or not
  int packed = 0;
  int prepared = 0;
  int launched = 0;
  int copies = 0;
  double planned_budget_s = -1;
};

/// Computes right results with a plain loop, in prepare(); launches copy them and let time pass on
/// `device`.
class FakeProvider final : public providers::Provider {
 public:
  FakeProvider(std::vector<FakeKernel> kernels, FakeDevice& device)
      : kernels_(std::move(kernels)), device_(device), calls_(kernels_.size()) {}

  [[nodiscard]] const FakeCalls& calls(const std::string& kernel) const {
    return calls_[index(kernel)];
  }

  [[nodiscard]] std::string version() const override { return "1.0"; }
  [[nodiscard]] std::vector<providers::KernelInfo> kernels() const override;
  [[nodiscard]] providers::Support supports(const providers::KernelInfo& kernel,
                                            const GemmProblem& problem) const override;
  [[nodiscard]] providers::Footprint footprint(const providers::KernelInfo& kernel,
                                               const GemmProblem& problem,
                                               int threads) const override;
  [[nodiscard]] std::optional<providers::Guess> guess(const providers::KernelInfo& kernel,
                                                      const GemmProblem& problem) const override;
  void pack(const providers::KernelInfo& kernel, const GemmProblem& problem,
            const providers::PackTask& task) const override;
  [[nodiscard]] std::unique_ptr<providers::Operation> make_operation(
      const providers::KernelInfo& kernel, const GemmProblem& problem) const override;

 private:
  [[nodiscard]] std::size_t index(const std::string& kernel) const;

  std::vector<FakeKernel> kernels_;
  FakeDevice& device_;
  mutable std::vector<FakeCalls> calls_;
};

}  // namespace twofour::testing
