// One kernel on one problem: packed activations, threads.
#pragma once

#include <cstddef>
#include <string>

#include "core/buffer.h"
#include "providers/cpu/grid.h"
#include "providers/cpu/kernel.h"
#include "providers/provider.h"

namespace twofour::providers::cpu {

/// What `kernel` multiplies for `problem`: for 6:8 its expansion to 2:4 (operands/six_eight.h).
GemmShape multiplied_shape(const GemmProblem& problem);

/// How `kernel` packs weights: the same for every output type, scale scheme and bias.
WeightLayout weight_layout(const Kernel& kernel, const GemmProblem& problem);
void pack_weights(const Kernel& kernel, const GemmProblem& problem, const PackTask& task);

/// Bytes that an operation allocates besides packed weights.
std::size_t workspace_bytes(const Kernel& kernel, const GemmProblem& problem, int threads);

class CpuOperation : public Operation {
 public:
  CpuOperation(const Kernel& kernel, const GemmProblem& problem)
      : kernel_(kernel), problem_(problem), shape_(multiplied_shape(problem)) {}

  void prepare(const PrepareArgs& args) override;
  void launch(WeightCopy weights) override;
  [[nodiscard]] std::string algorithm() const override;
  [[nodiscard]] std::string architecture() const override;
  [[nodiscard]] std::string remark() const override;
  [[nodiscard]] GemmShape executed() const override;

 private:
  /// Of 6:8: copies the activations into all windows of their expanded form.
  void expand_activations();
  void pack_activations();

  const Kernel& kernel_;
  GemmProblem problem_;
  GemmShape shape_;  ///< what is multiplied
  int threads_ = 1;
  ThreadGrid grid_;
  const void* activations_ = nullptr;  ///< [M][K of the problem]
  Buffer expanded_;                    ///< of 6:8: [M][K of shape_]
  Output output_;
  Buffer packed_a_;
  Buffer scratch_;
  std::size_t scratch_stride_ = 0;
};

}  // namespace twofour::providers::cpu
