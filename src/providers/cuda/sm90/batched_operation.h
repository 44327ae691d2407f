// A kernel of batches for Hopper and what it multiplies.
#pragma once

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "core/buffer.h"
#include "core/gpu_architecture.h"
#include "providers/cuda/sm90/batched.h"
#include "providers/provider.h"

namespace twofour::providers::cuda::sm90 {

class BatchedOperation final : public Operation {
 public:
  /// `kernel` is the contract's name.
  BatchedOperation(std::string kernel, const GemmProblem& problem)
      : kernel_(std::move(kernel)), problem_(problem) {}

  void prepare(const PrepareArgs& args) override;
  void plan(const PlanArgs& args) override;
  void launch(WeightCopy weights) override;
  [[nodiscard]] std::string algorithm() const override;
  [[nodiscard]] std::string architecture() const override {
    return std::string(info(GpuArchitecture::kSm90).target);
  }
  [[nodiscard]] GemmShape executed() const override;

 private:
  std::string kernel_;
  GemmProblem problem_;
  Buffer a_of_each_;  ///< the activations of each GEMM, [batch][m][k]
  DecodeArguments arguments_;
  std::vector<BatchedLaunch> launches_;  ///< one for each candidate
  std::size_t chosen_ = 0;
  cudaStream_t stream_ = nullptr;
};

}  // namespace twofour::providers::cuda::sm90
