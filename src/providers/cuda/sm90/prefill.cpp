#include "providers/cuda/sm90/prefill.h"

#include <fmt/format.h>

#include <stdexcept>

#include "device/cuda/error.h"
#include "providers/cuda/sm90/launch_config.h"
#include "providers/cuda/sm90/tensor_maps.h"

namespace twofour::providers::cuda::sm90 {
namespace {

using device::cuda::check;

const void* kernel_of(const GemmProblem& problem, const PrefillConfig& config) {
  switch (problem.a) {
    case DataType::kInt8:
      return prefill_kernel_i8(config.tokens, config.ranks);
    case DataType::kFp8E4m3:
      return prefill_kernel_fp8(config.tokens, config.ranks);
    case DataType::kBf16:
      return prefill_kernel_bf16(config.tokens, config.ranks);
    case DataType::kFp16:
      return prefill_kernel_fp16(config.tokens, config.ranks);
    default:
      return nullptr;
  }
}

LaunchShape shape_of(const PrefillConfig& config, int clusters) {
  return {.clusters = clusters,
          .ranks = config.ranks,
          .threads = kPrefillThreads,
          .shared_bytes = prefill_layout(config.tokens).bytes,
          .overlaps = true};
}

}  // namespace

void launch_prefill(const GemmProblem& problem, const PrefillLaunch& launch,
                    const DecodeArguments& arguments, cudaStream_t stream) {
  const PrefillConfig& config = launch.config;
  const int clusters_n = prefill_clusters_n(problem.shape.n, config);
  const int tiles_m = prefill_tiles_m(problem.shape.m, config);
  const int tiles = clusters_n * tiles_m;
  const auto whole =
      static_cast<int>(prefill_whole_tiles(problem, config, tiles, launch.resident_clusters));
  PrefillParams params{.io = arguments,
                       .chunks = chunks_of(problem),
                       .row_tiles = static_cast<int>(row_tiles(problem.shape.n)),
                       .clusters_n = clusters_n,
                       .tiles_m = tiles_m,
                       .group = config.group,
                       .whole_tiles = whole,
                       .work = whole + (tiles - whole) * config.ranks};
  const int clusters = std::min(params.work, launch.resident_clusters);
  const LaunchConfig how(shape_of(config, clusters), stream);
  CUtensorMap a = launch.a;
  CUtensorMap d = launch.d;
  void* list[] = {&a, &d, &params};
  check(cudaLaunchKernelExC(&how.value, kernel_of(problem, config), list),
        "launch a prefill kernel");
}

PrefillLaunch prepare_prefill(const GemmProblem& problem, const PrefillConfig& config,
                              const DecodeArguments& arguments) {
  if (const auto reason = refusal(problem, config)) {
    throw std::runtime_error(fmt::format("{}: {}", to_string(config), *reason));
  }
  const GemmShape& shape = problem.shape;
  PrefillLaunch launch{.config = config, .resident_clusters = 0};
  launch.resident_clusters =
      prepare_kernel(kernel_of(problem, config), shape_of(config, 1), to_string(config));
  launch.a = activation_map(arguments.a, shape.m, shape.k * value_bytes(problem.a),
                            config.tokens / config.ranks);
  if (shape.n % 8 == 0) launch.d = output_map(arguments.d, shape.m, shape.n, kStoredTokens);
  return launch;
}

}  // namespace twofour::providers::cuda::sm90
