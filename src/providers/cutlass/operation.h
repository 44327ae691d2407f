// A chosen kernel and its launches, and how weights are packed for it.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "core/buffer.h"
#include "core/gpu_architecture.h"
#include "providers/cutlass/architectures.h"
#include "providers/cutlass/kernel.h"
#include "providers/provider.h"

namespace twofour::providers::cutlass {

/// Largest workspace that a candidate may ask for.
inline constexpr std::size_t kMostWorkspaceBytes = std::size_t{64} << 20;

/// Dense weights as they are, or the values and metadata of the architecture's layout.h one after
/// the other.
WeightLayout weight_layout(const Architecture& architecture, const GemmProblem& problem);
void pack_weights(const Architecture& architecture, const GemmProblem& problem,
                  const PackTask& task);

class CutlassOperation final : public Operation {
 public:
  /// `own`: a row of architectures(). `fixed`: the one kernel of its fixed_candidate() instead of a
  /// search.
  CutlassOperation(const Architecture& own, KernelInfo kernel, const GemmProblem& problem,
                   std::string library, bool fixed);

  void prepare(const PrepareArgs& args) override;
  void plan(const PlanArgs& args) override;
  void launch(WeightCopy weights) override;
  /// Launches with `candidate` from now on, on `copies`; needs prepare(). Throws as
  /// Kernel::prepare() does.
  void use(device::Device& device, const Candidate& candidate, std::span<const WeightCopy> copies);
  [[nodiscard]] std::string algorithm() const override { return algorithm_; }
  [[nodiscard]] std::string architecture() const override {
    return std::string(info(own_.architecture).target);
  }
  [[nodiscard]] GemmShape executed() const override;

 private:
  [[nodiscard]] GemmArguments arguments(WeightCopy weights) const;
  [[nodiscard]] std::vector<Candidate> usable_candidates(const PlanArgs& args);
  /// Makes the workspace one of at least `bytes`.
  void reserve_workspace(device::Device& device, std::size_t bytes);
  void choose(const std::vector<Candidate>& list, const PlanArgs& args);

  const Architecture& own_;
  KernelInfo kernel_;
  GemmProblem problem_;
  std::string library_;
  bool fixed_;
  GemmArguments arguments_;  ///< but for the weights
  cudaStream_t stream_ = nullptr;
  Buffer workspace_;
  std::string algorithm_;
  std::vector<std::unique_ptr<PreparedLaunch>> launches_;  ///< by slot
};

}  // namespace twofour::providers::cutlass
