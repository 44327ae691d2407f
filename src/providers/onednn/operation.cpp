#include "providers/onednn/operation.h"

#include <cstddef>
#include <utility>

namespace twofour::providers::onednn {
namespace {

using dnnl::memory;

memory::desc scale_vector(std::int64_t count) {
  return {{count}, memory::data_type::f32, memory::format_tag::a};
}

}  // namespace

MatmulOperation::MatmulOperation(dnnl::engine engine, const GemmProblem& problem)
    : engine_(std::move(engine)), stream_(engine_), problem_(problem) {}

void MatmulOperation::bind(int argument, const memory::desc& desc, const void* data) {
  // oneDNN takes all memory as writable; it writes to the destination and the scratchpad alone.
  memories_.emplace_back(desc, engine_, const_cast<void*>(data));
  arguments_.push_back({argument, memories_.back().get()});
}

void MatmulOperation::bind_arguments(const PrepareArgs& args,
                                     const dnnl::matmul::primitive_desc& desc) {
  const operands::Operands& operands = args.operands;
  bind(DNNL_ARG_SRC, plain_source(problem_), operands.a.data());
  bind(DNNL_ARG_DST, plain_destination(problem_), args.d);
  bind(DNNL_ARG_SCRATCHPAD, desc.scratchpad_desc(), scratchpad_.data());
  int post_op = 0;
  const auto post_op_argument = [&] {
    return DNNL_ARG_ATTR_MULTIPLE_POST_OP(post_op++) | DNNL_ARG_SRC_1;
  };
  if (problem_.scales.a == ScaleGranularity::kTensor) {
    bind(DNNL_ARG_ATTR_SCALES | DNNL_ARG_SRC, scale_vector(1), operands.scale_a.data());
  } else if (problem_.scales.a == ScaleGranularity::kVector) {
    bind(post_op_argument(), token_scales(problem_), operands.scale_a.data());
  }
  if (problem_.scales.b != ScaleGranularity::kNone) {
    const bool vector = problem_.scales.b == ScaleGranularity::kVector;
    bind(DNNL_ARG_ATTR_SCALES | DNNL_ARG_WEIGHTS, scale_vector(vector ? problem_.shape.n : 1),
         operands.scale_b.data());
  }
  if (problem_.bias) {
    bind(post_op_argument(), bias_vector(problem_), operands.bias(problem_.d));
  }
}

void MatmulOperation::prepare(const PrepareArgs& args) {
  threads_ = args.threads;
  const ThreadCount thread_count(threads_);
  const dnnl::matmul::primitive_desc desc = describe_matmul(engine_, problem_);
  implementation_ = desc.impl_info_str();
  primitive_ = dnnl::matmul(desc);
  layout_ = desc.weights_desc();
  if (const std::size_t bytes = desc.scratchpad_desc().get_size(); bytes > 0) {
    scratchpad_ = args.device.memory().allocate(bytes);
  }
  bind_arguments(args, desc);
}

void MatmulOperation::plan(const PlanArgs& args) {
  for (const WeightCopy& copy : args.copies) {
    weight_copies_.emplace_back(layout_, engine_, const_cast<void*>(copy.data));
  }
  arguments_.push_back({DNNL_ARG_WEIGHTS, weight_copies_.front().get()});
}

void MatmulOperation::launch(WeightCopy weights) {
  // The C interface, because the C++ one builds a new list of arguments in every call.
  const ThreadCount thread_count(threads_);
  arguments_.back().memory = weight_copies_[static_cast<std::size_t>(weights.slot)].get();
  dnnl::error::wrap_c_api(
      dnnl_primitive_execute(primitive_.get(), stream_.get(), static_cast<int>(arguments_.size()),
                             arguments_.data()),
      "oneDNN could not execute a matmul");
}

std::string MatmulOperation::architecture() const {
  // "brg:avx512_core_vnni" names the kernel and what it is made of; "ref:any" is plain C++.
  const std::size_t colon = implementation_.find(':');
  const std::string isa =
      colon == std::string::npos ? implementation_ : implementation_.substr(colon + 1);
  return isa == "any" ? "portable" : isa;
}

}  // namespace twofour::providers::onednn
