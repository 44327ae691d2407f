// Packed weights and a decode kernel that multiplies with them.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "core/buffer.h"
#include "providers/cuda/decode.h"
#include "providers/provider.h"

namespace twofour::providers::cuda {

/// Key of SharedWeights: int8 and fp8 never meet in one case, and a bias does not change the
/// weights.
std::string weights_key(Sparsity sparsity);

class DecodeOperation final : public Operation {
 public:
  /// `kernel` is the contract's name.
  DecodeOperation(std::string kernel, const GemmProblem& problem) : kernel_(std::move(kernel)) {
    launch_.problem = problem;
  }

  void prepare(const PrepareArgs& args) override;
  void plan(const PlanArgs& args) override;
  void launch(int slot) override;
  [[nodiscard]] std::vector<device::MemoryRange> weights(int slot) const override;
  [[nodiscard]] std::string algorithm() const override;
  [[nodiscard]] std::string architecture() const override { return "sm_90a"; }
  [[nodiscard]] GemmShape executed() const override;

  /// Launches with `config` from now on. Throws as prepare_decode does.
  void use(const DecodeConfig& config);

 private:
  void launch_with(const DecodeConfig& config, int slot);

  std::string kernel_;
  DecodeLaunch launch_;
  DecodeArguments arguments_;
  cudaStream_t stream_ = nullptr;
  std::shared_ptr<std::vector<Buffer>> copies_;
};

}  // namespace twofour::providers::cuda
