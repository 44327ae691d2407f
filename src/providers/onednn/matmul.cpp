#include "providers/onednn/matmul.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <omp.h>

#include <cstdint>

namespace twofour::providers::onednn {
namespace {

using dnnl::memory;

// Scale masks have one bit for each dimension along which the scale varies.
constexpr int kOneScale = 0;
constexpr int kScalePerColumn = 1 << 2;

memory::data_type required_type(DataType type) {
  // Unreachable for a kernel of this provider: its list is made of types that are known.
  const auto known = onednn_type(type);
  return known ? *known : memory::data_type::undef;
}

memory::desc row_major(std::int64_t rows, std::int64_t columns, memory::data_type type) {
  return {{1, rows, columns}, type, memory::format_tag::abc};
}

dnnl::primitive_attr attributes(const GemmProblem& problem) {
  dnnl::primitive_attr attributes;
  attributes.set_scratchpad_mode(dnnl::scratchpad_mode::user);
  if (problem.scales.a == ScaleGranularity::kTensor) {
    attributes.set_scales_mask(DNNL_ARG_SRC, kOneScale);
  }
  if (problem.scales.b != ScaleGranularity::kNone) {
    const bool vector = problem.scales.b == ScaleGranularity::kVector;
    attributes.set_scales_mask(DNNL_ARG_WEIGHTS, vector ? kScalePerColumn : kOneScale);
  }
  dnnl::post_ops post_ops;
  if (problem.scales.a == ScaleGranularity::kVector) {
    post_ops.append_binary(dnnl::algorithm::binary_mul, token_scales(problem));
  }
  if (problem.bias) {
    post_ops.append_binary(dnnl::algorithm::binary_add, bias_vector(problem));
  }
  if (post_ops.len() > 0) attributes.set_post_ops(post_ops);
  return attributes;
}

}  // namespace

std::optional<memory::data_type> onednn_type(DataType type) {
  switch (type) {
    case DataType::kInt8:
      return memory::data_type::s8;
    case DataType::kBf16:
      return memory::data_type::bf16;
    case DataType::kFp16:
      return memory::data_type::f16;
    case DataType::kFp32:
      return memory::data_type::f32;
    case DataType::kFp8E4m3:
      break;
  }
  return std::nullopt;
}

memory::desc plain_source(const GemmProblem& problem) {
  return row_major(problem.shape.m, problem.shape.k, required_type(problem.a));
}

memory::desc plain_destination(const GemmProblem& problem) {
  return row_major(problem.shape.m, problem.shape.n, required_type(problem.d));
}

memory::desc plain_weights(const GemmProblem& problem) {
  const GemmShape& shape = problem.shape;
  return {{1, shape.k, shape.n}, required_type(problem.b), memory::format_tag::acb};
}

memory::desc token_scales(const GemmProblem& problem) {
  return row_major(problem.shape.m, 1, memory::data_type::f32);
}

memory::desc bias_vector(const GemmProblem& problem) {
  return row_major(1, problem.shape.n, required_type(problem.d));
}

dnnl::matmul::primitive_desc describe_matmul(const dnnl::engine& engine,
                                             const GemmProblem& problem) {
  const GemmShape& shape = problem.shape;
  const memory::desc any_weights{
      {1, shape.k, shape.n}, required_type(problem.b), memory::format_tag::any};
  return {engine, plain_source(problem), any_weights, plain_destination(problem),
          attributes(problem)};
}

std::string layout_key(const memory::desc& weights) {
  return fmt::format("onednn/{}:{}:{}:{}:{}", static_cast<int>(weights.get_data_type()),
                     fmt::join(weights.get_strides(), ","),
                     fmt::join(weights.get_inner_blks(), ","),
                     fmt::join(weights.get_inner_idxs(), ","), weights.get_size());
}

ThreadCount::ThreadCount(int threads) : before_(omp_get_max_threads()) {
  omp_set_num_threads(threads);
}

ThreadCount::~ThreadCount() { omp_set_num_threads(before_); }

}  // namespace twofour::providers::onednn
