// Packed weights, a chosen kernel, and its launches.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "core/buffer.h"
#include "core/gpu_architecture.h"
#include "providers/cutlass/kernel.h"
#include "providers/provider.h"

namespace twofour::providers::cutlass {

/// Largest workspace that a candidate may ask for.
inline constexpr std::size_t kMostWorkspaceBytes = std::size_t{64} << 20;

/// Copies of a weight: dense as it is, or the values and metadata of layout.h in one buffer.
struct PackedWeights {
  std::vector<Buffer> copies;
};

/// Name under which all kernels that can share a packed weight find it.
std::string weights_key(const GemmProblem& problem);
/// Bytes of one copy.
std::size_t packed_bytes(const GemmProblem& problem);

class CutlassOperation final : public Operation {
 public:
  /// `fixed`: the one kernel of fixed_candidate() instead of a search.
  CutlassOperation(KernelInfo kernel, const GemmProblem& problem, std::string library, bool fixed);

  void prepare(const PrepareArgs& args) override;
  void plan(const PlanArgs& args) override;
  void launch(int slot) override;
  /// Launches with `candidate` from now on; needs prepare(). Throws as Kernel::prepare() does.
  void use(device::Device& device, const Candidate& candidate);
  [[nodiscard]] std::vector<device::MemoryRange> weights(int slot) const override;
  [[nodiscard]] std::string algorithm() const override { return algorithm_; }
  [[nodiscard]] std::string architecture() const override {
    return std::string(info(GpuArchitecture::kSm90).target);
  }
  [[nodiscard]] GemmShape executed() const override { return problem_.shape; }

 private:
  [[nodiscard]] GemmArguments arguments(int slot) const;
  [[nodiscard]] std::vector<Candidate> usable_candidates(device::Device& device);
  /// Makes the workspace one of at least `bytes`.
  void reserve_workspace(device::Device& device, std::size_t bytes);
  void choose(const std::vector<Candidate>& list, const PlanArgs& args);

  KernelInfo kernel_;
  GemmProblem problem_;
  std::string library_;
  bool fixed_;
  GemmArguments arguments_;  ///< but for the weights, which are the slot's
  cudaStream_t stream_ = nullptr;
  int copies_ = 0;
  std::shared_ptr<PackedWeights> packed_;
  Buffer workspace_;
  std::string algorithm_;
  std::vector<std::unique_ptr<PreparedLaunch>> launches_;  ///< one for each copy
};

}  // namespace twofour::providers::cutlass
