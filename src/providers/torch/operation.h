// Dense weights and one of PyTorch's products with them.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "core/buffer.h"
#include "providers/gpu_library/dense_weights.h"
#include "providers/provider.h"
#include "providers/torch/module.h"

namespace twofour::providers::torch {

/// Key of the weights in SharedWeights.
std::string weights_key(const GemmProblem& problem);

class MatmulOperation final : public Operation {
 public:
  MatmulOperation(const TwofourTorchModule& module, const KernelInfo& kernel,
                  const GemmProblem& problem);

  void prepare(const PrepareArgs& args) override;
  void launch(int slot) override;
  [[nodiscard]] std::vector<device::MemoryRange> weights(int slot) const override;
  [[nodiscard]] std::string algorithm() const override;
  [[nodiscard]] std::string architecture() const override { return architecture_; }
  [[nodiscard]] GemmShape executed() const override { return problem_.shape; }

 private:
  [[nodiscard]] TwofourTorchJob describe(const PrepareArgs& args);

  const TwofourTorchModule& module_;
  KernelInfo kernel_;
  GemmProblem problem_;
  std::string architecture_;
  std::shared_ptr<DenseWeights> weights_;
  Buffer scale_a_;  ///< repeated, where PyTorch wants a vector and there is a number
  Buffer scale_b_;
  std::unique_ptr<void, void (*)(void*)> job_;
};

}  // namespace twofour::providers::torch
