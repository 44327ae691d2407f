// One of PyTorch's products with dense weights.
#pragma once

#include <memory>
#include <string>

#include "core/buffer.h"
#include "providers/provider.h"
#include "providers/torch/module.h"

namespace twofour::providers::torch {

class MatmulOperation final : public Operation {
 public:
  MatmulOperation(const TwofourTorchModule& module, const KernelInfo& kernel,
                  const GemmProblem& problem);

  void prepare(const PrepareArgs& args) override;
  void plan(const PlanArgs& args) override;
  void launch(WeightCopy weights) override;
  [[nodiscard]] std::string algorithm() const override;
  [[nodiscard]] std::string architecture() const override { return architecture_; }
  [[nodiscard]] GemmShape executed() const override { return problem_.shape; }

 private:
  const TwofourTorchModule& module_;
  KernelInfo kernel_;
  GemmProblem problem_;
  std::string architecture_;
  TwofourTorchJob description_{};  ///< but for the weights
  Buffer scale_a_;                 ///< repeated, where PyTorch wants a vector and there is a number
  Buffer scale_b_;
  std::unique_ptr<void, void (*)(void*)> job_;
};

}  // namespace twofour::providers::torch
