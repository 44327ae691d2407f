#include "providers/cuda/sm90/decode.h"

#include <fmt/format.h>

#include <stdexcept>

#include "device/cuda/error.h"
#include "providers/cuda/sm90/candidates.h"
#include "providers/cuda/sm90/decode_params.h"
#include "providers/cuda/sm90/launch_config.h"
#include "providers/cuda/sm90/layout.h"

namespace twofour::providers::cuda::sm90 {
namespace {

using device::cuda::check;

const void* kernel_of(const GemmProblem& problem, const DecodeConfig& config) {
  const std::int64_t m = problem.shape.m;
  const int warpgroups = config.tiles * config.groups;
  switch (problem.a) {
    case DataType::kInt8:
      return kernel_i8(problem.sparsity, m, warpgroups);
    case DataType::kFp8E4m3:
      return kernel_fp8(problem.sparsity, m, warpgroups);
    case DataType::kBf16:
      return kernel_bf16(problem.sparsity, m, warpgroups);
    case DataType::kFp16:
      return kernel_fp16(problem.sparsity, m, warpgroups);
    default:
      throw std::logic_error("a decode kernel was asked for a type that none has");
  }
}

SharedLayout layout_of(const GemmProblem& problem, const DecodeConfig& config) {
  return shared_layout(problem.b, problem.sparsity, static_cast<int>(problem.shape.m), config);
}

int clusters_of(const GemmProblem& problem, const DecodeConfig& config) {
  return static_cast<int>((row_tiles(problem.shape.n) + config.tiles - 1) / config.tiles);
}

LaunchShape shape_of(const GemmProblem& problem, const DecodeConfig& config) {
  return {.clusters = clusters_of(problem, config),
          .ranks = config.ranks,
          .threads = config.tiles * config.groups * 128 + kProducerThreads,
          .shared_bytes = layout_of(problem, config).bytes,
          .overlaps = config.overlap != Overlap::kNone};
}

}  // namespace

void prepare_decode(const GemmProblem& problem, const DecodeConfig& config) {
  if (const auto reason = refusal(problem, config)) {
    throw std::runtime_error(fmt::format("{}: {}", to_string(config), *reason));
  }
  prepare_kernel(kernel_of(problem, config), shape_of(problem, config), to_string(config));
}

void launch_decode(const DecodeLaunch& launch, const DecodeArguments& arguments,
                   cudaStream_t stream) {
  const GemmProblem& problem = launch.problem;
  const DecodeConfig& config = launch.config;
  const LaunchConfig how(shape_of(problem, config), stream);
  DecodeParams params{.io = arguments,
                      .chunks = chunks_of(problem),
                      .row_tiles = static_cast<int>(row_tiles(problem.shape.n)),
                      .tiles = config.tiles,
                      .groups = config.groups,
                      .depth = config.depth,
                      .activation_depth = config.activation_depth,
                      .shared = layout_of(problem, config),
                      .overlap = config.overlap};
  CUtensorMap map = launch.activations;
  void* list[] = {&map, &params};
  check(cudaLaunchKernelExC(&how.value, kernel_of(problem, config), list),
        "launch a decode kernel");
}

}  // namespace twofour::providers::cuda::sm90
