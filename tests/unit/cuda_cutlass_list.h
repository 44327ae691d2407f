// Kernels that stand in for those of kernel_list.txt: what is decided about them needs no GPU.
#pragma once

#include <memory>
#include <vector>

#include "providers/cutlass/kernel.h"

namespace twofour::providers::cutlass {

/// Has traits and takes any shape but those whose K it is told to refuse.
class ListedKernel final : public Kernel {
 public:
  explicit ListedKernel(const KernelTraits& traits, std::int64_t refused_k = -1)
      : traits_(traits), refused_k_(refused_k) {}

  [[nodiscard]] const KernelTraits& traits() const override { return traits_; }
  [[nodiscard]] bool can_implement(const GemmShape& shape) const override {
    return shape.k != refused_k_;
  }
  [[nodiscard]] std::size_t workspace_bytes(const GemmArguments& arguments,
                                            const Tactic& tactic) const override;
  [[nodiscard]] std::unique_ptr<PreparedLaunch> prepare(const GemmArguments& arguments,
                                                        const Tactic& tactic,
                                                        void* workspace) const override;

 private:
  KernelTraits traits_;
  std::int64_t refused_k_;
};

/// Every kernel of kernel_list.txt.
const std::vector<const Kernel*>& listed_kernels();

}  // namespace twofour::providers::cutlass
