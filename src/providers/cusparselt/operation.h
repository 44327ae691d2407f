// One product with compressed weights.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/buffer.h"
#include "providers/cusparselt/matmul.h"
#include "providers/provider.h"

namespace twofour::providers::cusparselt {

/// Compresses the weights of `description`, which is of `problem`; waits for that.
void compress_weights(const Description& description, const GemmProblem& problem,
                      const PackTask& task);

class MatmulOperation final : public Operation {
 public:
  /// `kernel` is the contract's name.
  MatmulOperation(std::shared_ptr<const Handle> handle, std::string kernel,
                  const GemmProblem& problem);

  void prepare(const PrepareArgs& args) override;
  void plan(const PlanArgs& args) override;
  void launch(WeightCopy weights) override;
  [[nodiscard]] std::string algorithm() const override { return to_string(plan_->configuration()); }
  [[nodiscard]] std::string architecture() const override { return architecture_; }
  [[nodiscard]] GemmShape executed() const override;

 private:
  void pad_activations(const PrepareArgs& args);
  void combine_scales(const PrepareArgs& args);
  [[nodiscard]] Arguments arguments(WeightCopy weights) const;
  [[nodiscard]] std::vector<Configuration> configurations() const;
  [[nodiscard]] std::vector<std::unique_ptr<Plan>> make_plans(
      const std::vector<std::string>& names) const;
  void reserve_workspace(device::Device& device, std::size_t bytes);

  std::shared_ptr<const Handle> handle_;
  std::string kernel_;
  GemmProblem problem_;
  std::string architecture_;
  cudaStream_t stream_ = nullptr;
  std::optional<Description> description_;
  std::unique_ptr<Plan> plan_;
  const void* a_ = nullptr;
  void* d_ = nullptr;
  /// Where the library wants more rows than there are, with zeros behind them; of a batch the
  /// activations of each GEMM.
  Buffer padded_a_;
  float alpha_ = 1;
  Buffer alpha_by_channel_;
  Buffer workspace_;
};

}  // namespace twofour::providers::cusparselt
