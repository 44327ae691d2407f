// A primitive and what it multiplies.
#pragma once

#include <oneapi/dnnl/dnnl.hpp>
#include <string>
#include <vector>

#include "core/buffer.h"
#include "providers/onednn/matmul.h"
#include "providers/provider.h"

namespace twofour::providers::onednn {

class MatmulOperation final : public Operation {
 public:
  MatmulOperation(dnnl::engine engine, const GemmProblem& problem);

  void prepare(const PrepareArgs& args) override;
  void plan(const PlanArgs& args) override;
  void launch(WeightCopy weights) override;
  [[nodiscard]] std::string algorithm() const override { return implementation_; }
  [[nodiscard]] std::string architecture() const override;
  [[nodiscard]] GemmShape executed() const override { return problem_.shape; }

 private:
  void bind_arguments(const PrepareArgs& args, const dnnl::matmul::primitive_desc& desc);
  void bind(int argument, const dnnl::memory::desc& desc, const void* data);

  dnnl::engine engine_;
  dnnl::stream stream_;
  GemmProblem problem_;
  int threads_ = 1;
  std::string implementation_;
  dnnl::matmul primitive_;
  dnnl::memory::desc layout_;  ///< of the packed weights
  Buffer scratchpad_;
  std::vector<dnnl::memory> memories_;       ///< what the arguments refer to
  std::vector<dnnl_exec_arg_t> arguments_;   ///< the weights last
  std::vector<dnnl::memory> weight_copies_;  ///< by slot
};

}  // namespace twofour::providers::onednn
