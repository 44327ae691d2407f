#include "providers/cublaslt/operation.h"

#include <fmt/format.h>

#include <stdexcept>
#include <utility>

#include "device/cuda/cuda_stream.h"
#include "providers/cublaslt/rules.h"
#include "providers/gpu_library/dense_weights.h"
#include "providers/gpu_search/gpu_search.h"

namespace twofour::providers::cublaslt {

MatmulOperation::MatmulOperation(std::shared_ptr<const Handle> handle, const KernelInfo& kernel,
                                 const GemmProblem& problem, Scaling scaling)
    : handle_(std::move(handle)),
      kernel_(kernel.name),
      problem_(problem),
      scaling_(scaling),
      fast_accumulation_(kernel.accumulation == Accumulation::kFp8Fast) {}

Attachments MatmulOperation::attach(const PrepareArgs& args) {
  const operands::Operands& operands = args.operands;
  Attachments attachments{.bias = problem_.bias ? operands.bias(problem_.d) : nullptr};
  switch (scaling_) {
    case Scaling::kScalars:
      attachments.scale_a = operands.scale_a.data();
      attachments.scale_b = operands.scale_b.data();
      break;
    case Scaling::kVectors:
      attachments.scale_a =
          as_scale_vector(args.device, operands.scale_a, problem_.shape.m, scale_a_vector_);
      attachments.scale_b =
          as_scale_vector(args.device, operands.scale_b, problem_.shape.n, scale_b_vector_);
      break;
    case Scaling::kAlpha:
      alpha_ =
          first_scale(args.device, operands.scale_a) * first_scale(args.device, operands.scale_b);
      break;
    case Scaling::kNone:
    case Scaling::kSeparateKernel:
      break;
  }
  return attachments;
}

void MatmulOperation::describe_scaling(const PrepareArgs& args) {
  const operands::Operands& operands = args.operands;
  sums_ = args.device.memory().allocate(sum_bytes(problem_, scaling_));
  out_ = sums_.data();
  scale_output_ = {.m = problem_.shape.m,
                   .n = problem_.shape.n,
                   .batch = problem_.batch,
                   .d_rows = output_rows(problem_.shape.m),
                   .integer_sums = problem_.a == DataType::kInt8,
                   .sums = sums_.data(),
                   .scale_a = operands.scale_a.as<const float>(),
                   .per_token = problem_.scales.a == ScaleGranularity::kVector,
                   .scale_b = operands.scale_b.as<const float>(),
                   .per_channel = problem_.scales.b == ScaleGranularity::kVector,
                   .bias = problem_.bias ? operands.bias(problem_.d) : nullptr,
                   .d_type = problem_.d,
                   .d = args.d};
}

void MatmulOperation::prepare(const PrepareArgs& args) {
  stream_ = device::stream_of(args.device);
  architecture_ = args.device.info().architecture;
  a_ = args.operands.a.data();
  if (problem_.batch > 1) {
    a_of_each_ = args.device.memory().allocate(activation_bytes(problem_));
    repeat(args.device, args.operands.a, a_of_each_.data(), a_of_each_.bytes());
    a_ = a_of_each_.data();
  }
  out_ = args.d;
  workspace_ = args.device.memory().allocate(kWorkspaceBytes);
  if (scaling_ == Scaling::kSeparateKernel) describe_scaling(args);
  description_.emplace(problem_, scaling_, fast_accumulation_, attach(args));
  algorithms_ = description_->algorithms(*handle_, kMostAlgorithms);
  if (algorithms_.empty()) {
    throw std::runtime_error("cuBLASLt has no algorithm for this problem any more");
  }
}

void MatmulOperation::plan(const PlanArgs& args) {
  std::vector<LaunchCandidate> candidates;
  for (std::size_t i = 0; i < algorithms_.size(); ++i) {
    candidates.push_back({.name = name_of(i), .launch = [this, i](WeightCopy weights) {
                            launch_algorithm(i, weights);
                          }});
  }
  // Fast accumulation is another set of kernels.
  const SearchSubject subject =
      search_subject(args.device, "cublaslt " + library_version(), kernel_, problem_, args.cache,
                     fast_accumulation_ ? "fast" : "wide", SharedWinner::kTypes);
  chosen_ = choose_launch(candidates, args, subject).index;
}

void MatmulOperation::launch_algorithm(std::size_t algorithm, WeightCopy weights) {
  description_->launch(*handle_, algorithms_[algorithm].algo, alpha_, weights.data, a_, out_,
                       workspace_.data(), stream_);
  if (scale_output_) scale_output(*scale_output_, stream_);
}

void MatmulOperation::launch(WeightCopy weights) { launch_algorithm(chosen_, weights); }

std::string MatmulOperation::name_of(std::size_t algorithm) const {
  std::string name = describe(algorithms_[algorithm].algo);
  if (scale_output_) {
    name += scale_output_->integer_sums ? " into int32 + kernel that scales"
                                        : " into float32 + kernel that scales";
  }
  return name;
}

}  // namespace twofour::providers::cublaslt
