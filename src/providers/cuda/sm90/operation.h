// A kernel for Hopper and what it multiplies.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "core/gpu_architecture.h"
#include "providers/cuda/sm90/decode.h"
#include "providers/cuda/sm90/direct.h"
#include "providers/cuda/sm90/prefill.h"
#include "providers/provider.h"

namespace twofour::providers::cuda::sm90 {

/// The units of layout.h, of a batch those of one GEMM behind those of another.
WeightLayout weight_layout(const GemmProblem& problem);
void pack_weights(const GemmProblem& problem, const PackTask& task);

/// What an operation allocates.
std::size_t workspace_bytes(const GemmProblem& problem);
/// The operation for `problem`, a BatchedOperation for several GEMMs. `kernel` is the contract's
/// name.
std::unique_ptr<Operation> make_operation(std::string kernel, const GemmProblem& problem);

/// The most rows of A that kernels take for the types, the sparsity and the batch of `problem`;
/// none: any.
std::optional<std::int64_t> most_rows(const GemmProblem& problem);

/// A kernel and how its work is cut.
using KernelConfig = std::variant<DecodeConfig, DirectConfig, PrefillConfig>;

/// A stable name of it.
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

  /// Launches with `config` from now on. Throws as prepare_decode, prepare_direct and
  /// prepare_prefill do.
  void use(const KernelConfig& config);

  /// Where launches write times from now on (DecodeArguments::stamps).
  void stamp(std::uint64_t* stamps) { arguments_.stamps = stamps; }

 private:
  /// Makes ready what launches with `config` need.
  void ready(const KernelConfig& config);
  /// What ready() made for `config`; null before.
  [[nodiscard]] const PrefillLaunch* prepared(const PrefillConfig& config) const;

  std::string kernel_;
  DecodeLaunch launch_;  ///< its config is that of config_, if that is a DecodeConfig
  std::vector<PrefillLaunch> prefill_;
  KernelConfig config_;
  DecodeArguments arguments_;
  cudaStream_t stream_ = nullptr;
};

}  // namespace twofour::providers::cuda::sm90
