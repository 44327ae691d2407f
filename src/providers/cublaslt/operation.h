// One product with dense weights.
#pragma once

#include <cuda_runtime_api.h>

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/buffer.h"
#include "providers/cublaslt/matmul.h"
#include "providers/cublaslt/scale_output.h"
#include "providers/provider.h"

namespace twofour::providers::cublaslt {

class MatmulOperation final : public Operation {
 public:
  MatmulOperation(std::shared_ptr<const Handle> handle, const KernelInfo& kernel,
                  const GemmProblem& problem, Scaling scaling);

  void prepare(const PrepareArgs& args) override;
  void plan(const PlanArgs& args) override;
  void launch(WeightCopy weights) override;
  [[nodiscard]] std::string algorithm() const override { return name_of(chosen_); }
  [[nodiscard]] std::string architecture() const override { return architecture_; }
  [[nodiscard]] GemmShape executed() const override { return problem_.shape; }

 private:
  Attachments attach(const PrepareArgs& args);
  void describe_scaling(const PrepareArgs& args);

  [[nodiscard]] std::string name_of(std::size_t algorithm) const;
  void launch_algorithm(std::size_t algorithm, WeightCopy weights);

  std::shared_ptr<const Handle> handle_;
  std::string kernel_;
  GemmProblem problem_;
  Scaling scaling_;
  bool fast_accumulation_;
  cudaStream_t stream_ = nullptr;
  std::string architecture_;
  const void* a_ = nullptr;
  void* out_ = nullptr;  ///< what the library writes: D, or sums_
  float alpha_ = 1;
  Buffer workspace_;
  Buffer a_of_each_;  ///< of a batch: the activations of each GEMM
  Buffer sums_;
  Buffer scale_a_vector_;
  Buffer scale_b_vector_;
  std::optional<ScaleOutput> scale_output_;
  std::optional<Description> description_;
  std::vector<cublasLtMatmulHeuristicResult_t> algorithms_;
  std::size_t chosen_ = 0;
};

}  // namespace twofour::providers::cublaslt
