// Packed weights and a primitive that multiplies with them.
#pragma once

#include <cstddef>
#include <memory>
#include <oneapi/dnnl/dnnl.hpp>
#include <string>
#include <vector>

#include "core/buffer.h"
#include "providers/onednn/matmul.h"
#include "providers/provider.h"

namespace twofour::providers::onednn {

/// Copies of weights in the layout of one primitive.
struct PackedWeights {
  dnnl::memory::desc layout;
  std::vector<Buffer> copies;
};

class MatmulOperation final : public Operation {
 public:
  MatmulOperation(dnnl::engine engine, const GemmProblem& problem);

  void prepare(const PrepareArgs& args) override;
  void launch(int slot) override;
  [[nodiscard]] std::vector<device::MemoryRange> weights(int slot) const override;
  [[nodiscard]] std::string algorithm() const override { return implementation_; }
  [[nodiscard]] std::string architecture() const override;
  [[nodiscard]] GemmShape executed() const override { return problem_.shape; }

 private:
  std::shared_ptr<PackedWeights> pack(const PrepareArgs& args,
                                      const dnnl::memory::desc& layout) const;
  void bind_arguments(const PrepareArgs& args, const dnnl::matmul::primitive_desc& desc);
  void bind(int argument, const dnnl::memory::desc& desc, const void* data);

  dnnl::engine engine_;
  dnnl::stream stream_;
  GemmProblem problem_;
  int threads_ = 1;
  std::string implementation_;
  dnnl::matmul primitive_;
  std::shared_ptr<PackedWeights> packed_;
  Buffer scratchpad_;
  std::vector<dnnl::memory> memories_;      ///< what the arguments refer to
  std::vector<dnnl_exec_arg_t> arguments_;  ///< the weights last
  std::vector<dnnl::memory> weight_copies_;
};

}  // namespace twofour::providers::onednn
