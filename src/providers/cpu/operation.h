// One kernel on one problem: packed weights, converted activations, threads.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "providers/cpu/grid.h"
#include "providers/cpu/kernel.h"
#include "providers/provider.h"

namespace twofour::providers::cpu {

/// Key under which operations share packed weights: they are the same for every output type, scale
/// scheme and bias.
std::string weights_key(const Kernel& kernel);

/// Bytes that an operation allocates besides packed weights.
std::size_t workspace_bytes(const Kernel& kernel, const GemmShape& shape, int threads);

class CpuOperation : public Operation {
 public:
  CpuOperation(const Kernel& kernel, const GemmProblem& problem)
      : kernel_(kernel), problem_(problem) {}

  void prepare(const PrepareArgs& args) override;
  void launch(int slot) override;
  [[nodiscard]] std::vector<device::MemoryRange> weights(int slot) const override;
  [[nodiscard]] std::string algorithm() const override;
  [[nodiscard]] std::string architecture() const override;
  [[nodiscard]] std::string remark() const override;
  [[nodiscard]] GemmShape executed() const override;

 private:
  void convert_activations();

  const Kernel& kernel_;
  GemmProblem problem_;
  int threads_ = 1;
  ThreadGrid grid_;
  const void* activations_ = nullptr;
  Output output_;
  std::shared_ptr<std::vector<Buffer>> packed_;  ///< one for each slot
  Buffer converted_;
  Buffer scratch_;
  std::size_t scratch_stride_ = 0;
};

}  // namespace twofour::providers::cpu
