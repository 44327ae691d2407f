#include "providers/cuda/sm90/operation.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <optional>
#include <vector>

#include "device/cuda/cuda_stream.h"
#include "providers/cuda/sm90/batched_operation.h"
#include "providers/cuda/sm90/candidates.h"
#include "providers/cuda/sm90/layout.h"
#include "providers/cuda/sm90/tensor_maps.h"
#include "providers/gpu_search/gpu_search.h"

namespace twofour::providers::cuda::sm90 {
namespace {

/// Ways to cut the work that plan() measures.
constexpr int kCutsMeasured = 6;
/// And ways to cut it among direct kernels.
constexpr int kDirectMeasured = 6;
/// And tiles of prefill kernels.
constexpr int kPrefillMeasured = 6;

std::string algorithm_name(const GemmProblem& problem, const KernelConfig& config) {
  if (std::holds_alternative<PrefillConfig>(config)) return "prefill_" + to_string(config);
  return fmt::format("decode_n{}_{}", padded_m(problem.shape.m), to_string(config));
}

bool is_prefill(const GemmProblem& problem) { return problem.shape.m > kMaxM; }

std::vector<KernelConfig> all_candidates(const GemmProblem& problem, int sms) {
  std::vector<KernelConfig> all;
  if (is_prefill(problem)) {
    for (const PrefillConfig& config : prefill_candidates(problem, sms, kPrefillMeasured)) {
      all.emplace_back(config);
    }
    return all;
  }
  for (const DirectConfig& config : direct_candidates(problem, sms, kDirectMeasured)) {
    all.emplace_back(config);
  }
  for (const DecodeConfig& config : candidates(problem, sms, kCutsMeasured)) {
    all.emplace_back(config);
  }
  return all;
}

}  // namespace

std::string to_string(const KernelConfig& config) {
  return std::visit([](const auto& one) { return to_string(one); }, config);
}

WeightLayout weight_layout(const GemmProblem& problem) {
  const GemmShape& shape = problem.shape;
  return {.key = fmt::format("cuda/{}/{}/decode units{}", info(problem.b).kernel_name,
                             to_string(problem.sparsity), problem.batch > 1 ? "/batch" : ""),
          .bytes = static_cast<std::size_t>(
              problem.batch * packed_bytes(problem.b, problem.sparsity, shape.n, shape.k))};
}

void pack_weights(const GemmProblem& problem, const PackTask& task) {
  const GemmShape& shape = problem.shape;
  const std::size_t dense = bytes_of(problem.b, shape.n * shape.k);
  const std::size_t given = std::max<std::size_t>(task.weights.bytes() / dense, 1);
  const std::int64_t step = packed_bytes(problem.b, problem.sparsity, shape.n, shape.k);
  for (std::int64_t i = 0; i < problem.batch; ++i) {
    pack_weights(problem.a, problem.sparsity,
                 task.weights.as<const std::byte>() + static_cast<std::size_t>(i) % given * dense,
                 shape.n, shape.k, static_cast<std::byte*>(task.packed) + i * step,
                 device::stream_of(task.device));
  }
}

std::size_t workspace_bytes(const GemmProblem& problem) {
  return problem.batch > 1 ? activation_bytes(problem) : 0;
}

std::unique_ptr<Operation> make_operation(std::string kernel, const GemmProblem& problem) {
  if (problem.batch > 1) return std::make_unique<BatchedOperation>(std::move(kernel), problem);
  return std::make_unique<DecodeOperation>(std::move(kernel), problem);
}

std::optional<std::int64_t> most_rows(const GemmProblem& problem) {
  if (problem.batch > 1 || has_prefill(problem)) return std::nullopt;
  return kMaxM;
}

void DecodeOperation::prepare(const PrepareArgs& args) {
  const GemmProblem& problem = launch_.problem;
  const GemmShape& shape = problem.shape;
  stream_ = device::stream_of(args.device);
  arguments_ = {.a = args.operands.a.as<const std::uint8_t>(),
                .d = args.d,
                .scale_a = args.operands.scale_a.as<float>(),
                .scale_b = args.operands.scale_b.as<float>(),
                .bias = problem.bias ? args.operands.bias(problem.d) : nullptr,
                .m = static_cast<int>(shape.m),
                .n = static_cast<int>(shape.n),
                .scale_a_per_row = problem.scales.a == ScaleGranularity::kVector,
                .scale_b_per_channel = problem.scales.b == ScaleGranularity::kVector,
                .fp16_output = problem.d == DataType::kFp16};
  prefill_.clear();
  const int sms = device::multiprocessors_of(args.device);
  if (is_prefill(problem)) {
    use(prefill_candidates(problem, sms, 1).front());
    return;
  }
  launch_.activations = activation_map(args.operands.a.data(), shape.m,
                                       shape.k * value_bytes(problem.a), padded_m(shape.m));
  use(candidates(problem, sms, 1).front());
}

void DecodeOperation::use(const KernelConfig& config) {
  ready(config);
  config_ = config;
}

const PrefillLaunch* DecodeOperation::prepared(const PrefillConfig& config) const {
  const auto found = std::find_if(prefill_.begin(), prefill_.end(),
                                  [&](const PrefillLaunch& one) { return one.config == config; });
  return found == prefill_.end() ? nullptr : &*found;
}

void DecodeOperation::ready(const KernelConfig& config) {
  const GemmProblem& problem = launch_.problem;
  if (const auto* direct = std::get_if<DirectConfig>(&config)) {
    prepare_direct(problem, *direct);
  } else if (const auto* prefill = std::get_if<PrefillConfig>(&config)) {
    if (prepared(*prefill) == nullptr) {
      prefill_.push_back(prepare_prefill(problem, *prefill, arguments_));
    }
  } else {
    prepare_decode(problem, std::get<DecodeConfig>(config));
  }
}

void DecodeOperation::plan(const PlanArgs& args) {
  const std::vector<KernelConfig> configs =
      all_candidates(launch_.problem, device::multiprocessors_of(args.device));
  std::vector<LaunchCandidate> launches;
  launches.reserve(configs.size());
  for (const KernelConfig& config : configs) {
    launches.push_back({.name = algorithm_name(launch_.problem, config),
                        .launch =
                            [this, config](WeightCopy weights) {
                              config_ = config;
                              launch(weights);
                            },
                        .ready = [this, config](WeightCopy) { ready(config); }});
  }
  const SearchSubject subject =
      search_subject(args.device, "cuda " TWOFOUR_VERSION " " + kernels_build(), kernel_,
                     launch_.problem, args.cache, "", SharedWinner::kTypesAndBias);
  use(configs[choose_launch(launches, args, subject).index]);
}

void DecodeOperation::launch(WeightCopy weights) {
  arguments_.weights = static_cast<const std::uint8_t*>(weights.data);
  if (const auto* direct = std::get_if<DirectConfig>(&config_)) {
    launch_direct(launch_.problem, *direct, arguments_, stream_);
    return;
  }
  if (const auto* prefill = std::get_if<PrefillConfig>(&config_)) {
    launch_prefill(launch_.problem, *prepared(*prefill), arguments_, stream_);
    return;
  }
  launch_.config = std::get<DecodeConfig>(config_);
  launch_decode(launch_, arguments_, stream_);
}

std::string DecodeOperation::algorithm() const { return algorithm_name(launch_.problem, config_); }

GemmShape DecodeOperation::executed() const {
  const GemmShape& shape = launch_.problem.shape;
  const std::int64_t k =
      chunks_of(launch_.problem) * chunk_columns(launch_.problem.b, launch_.problem.sparsity);
  if (const auto* prefill = std::get_if<PrefillConfig>(&config_)) {
    return {.m = round_up(shape.m, prefill->tokens),
            .n = round_up(shape.n, prefill->ranks * kPrefillRows),
            .k = k};
  }
  return {.m = padded_m(shape.m), .n = row_tiles(shape.n) * kUnitRows, .k = k};
}

}  // namespace twofour::providers::cuda::sm90
