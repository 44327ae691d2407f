// Packed weights and a decode kernel that multiplies with them.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "core/buffer.h"
#include "core/gpu_architecture.h"
#include "providers/cuda/sm90/decode.h"
#include "providers/cuda/sm90/direct.h"
#include "providers/provider.h"

namespace twofour::providers::cuda::sm90 {

/// Key of SharedWeights: int8 and fp8 never meet in one case, and a bias does not change the
/// weights.
std::string weights_key(Sparsity sparsity);

/// A kernel and how its work is cut.
using KernelConfig = std::variant<DecodeConfig, DirectConfig>;

/// A stable name of either.
std::string to_string(const KernelConfig& config);

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
  [[nodiscard]] std::string architecture() const override {
    return std::string(info(GpuArchitecture::kSm90).target);
  }
  [[nodiscard]] GemmShape executed() const override;

  /// Launches with `config` from now on. Throws as prepare_decode and prepare_direct do.
  void use(const KernelConfig& config);

  /// Where launches write times from now on (DecodeArguments::stamps).
  void stamp(std::uint64_t* stamps) { arguments_.stamps = stamps; }

 private:
  std::string kernel_;
  DecodeLaunch launch_;  ///< its config is that of config_, if that is a DecodeConfig
  KernelConfig config_;
  DecodeArguments arguments_;
  cudaStream_t stream_ = nullptr;
  std::shared_ptr<std::vector<Buffer>> copies_;
};

}  // namespace twofour::providers::cuda::sm90
