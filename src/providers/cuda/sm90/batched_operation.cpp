#include "providers/cuda/sm90/batched_operation.h"

#include <fmt/format.h>

#include "core/rounding.h"
#include "device/cuda/cuda_stream.h"
#include "providers/cuda/sm90/operation.h"
#include "providers/gpu_library/dense_weights.h"
#include "providers/gpu_search/gpu_search.h"

namespace twofour::providers::cuda::sm90 {
namespace {

/// Configurations that plan() measures.
constexpr int kBatchedMeasured = 8;

std::string algorithm_name(const GemmProblem& problem, const BatchedConfig& config) {
  return fmt::format("batched_n{}_{}", padded_m(problem.shape.m), to_string(config));
}

}  // namespace

void BatchedOperation::prepare(const PrepareArgs& args) {
  stream_ = device::stream_of(args.device);
  a_of_each_ = args.device.memory().allocate(activation_bytes(problem_));
  repeat(args.device, args.operands.a, a_of_each_.data(), a_of_each_.bytes());
  arguments_ = {.a = a_of_each_.as<const std::uint8_t>(),
                .d = args.d,
                .scale_a = args.operands.scale_a.as<float>(),
                .scale_b = args.operands.scale_b.as<float>(),
                .m = static_cast<int>(problem_.shape.m),
                .n = static_cast<int>(problem_.shape.n),
                .scale_a_per_row = problem_.scales.a == ScaleGranularity::kVector,
                .scale_b_per_channel = problem_.scales.b == ScaleGranularity::kVector,
                .fp16_output = problem_.d == DataType::kFp16};
  launches_.clear();
  chosen_ = 0;
  for (const BatchedConfig& config :
       batched_candidates(problem_, device::multiprocessors_of(args.device), kBatchedMeasured)) {
    launches_.push_back(prepare_batched(problem_, config, arguments_));
  }
}

void BatchedOperation::plan(const PlanArgs& args) {
  std::vector<LaunchCandidate> candidates;
  for (std::size_t i = 0; i < launches_.size(); ++i) {
    candidates.push_back({.name = algorithm_name(problem_, launches_[i].config),
                          .launch = [this, i](WeightCopy weights) {
                            chosen_ = i;
                            launch(weights);
                          }});
  }
  const SearchSubject subject = search_subject(
      args.device, "cuda " TWOFOUR_VERSION " " + kernels_build(), kernel_, problem_, args.cache);
  chosen_ = choose_launch(candidates, args, subject).index;
}

void BatchedOperation::launch(WeightCopy weights) {
  arguments_.weights = static_cast<const std::uint8_t*>(weights.data);
  launch_batched(problem_, launches_[chosen_], arguments_, stream_);
}

std::string BatchedOperation::algorithm() const {
  return algorithm_name(problem_, launches_[chosen_].config);
}

GemmShape BatchedOperation::executed() const {
  const GemmShape& shape = problem_.shape;
  const BatchedConfig& config = launches_[chosen_].config;
  return {.m = round_up(shape.m, padded_m(shape.m)),
          .n = round_up(shape.n, config.units * kUnitRows),
          .k = std::int64_t{chunks_of(problem_)} * chunk_columns(problem_.b, problem_.sparsity)};
}

}  // namespace twofour::providers::cuda::sm90
