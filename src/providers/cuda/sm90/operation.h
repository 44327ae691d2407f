// A decode kernel and what it multiplies.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <variant>

#include "core/gpu_architecture.h"
#include "providers/cuda/sm90/decode.h"
#include "providers/cuda/sm90/direct.h"
#include "providers/provider.h"

namespace twofour::providers::cuda::sm90 {

/// The units of layout.h.
WeightLayout weight_layout(const GemmProblem& problem);
void pack_weights(const GemmProblem& problem, const PackTask& task);

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
  void launch(WeightCopy weights) override;
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
};

}  // namespace twofour::providers::cuda::sm90
