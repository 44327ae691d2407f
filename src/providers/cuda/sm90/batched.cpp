#include "providers/cuda/sm90/batched.h"

#include <fmt/format.h>

#include <algorithm>
#include <stdexcept>

#include "core/rounding.h"
#include "device/cuda/error.h"
#include "providers/cuda/sm90/launch_config.h"
#include "providers/cuda/sm90/tensor_maps.h"
#include "providers/provider.h"

namespace twofour::providers::cuda::sm90 {
namespace {

using device::cuda::check;

const void* kernel_of(const GemmProblem& problem) {
  const std::int64_t m = problem.shape.m;
  switch (problem.a) {
    case DataType::kInt8:
      return batched_kernel_i8(problem.sparsity, m);
    case DataType::kFp8E4m3:
      return batched_kernel_fp8(problem.sparsity, m);
    case DataType::kBf16:
      return batched_kernel_bf16(problem.sparsity, m);
    case DataType::kFp16:
      return batched_kernel_fp16(problem.sparsity, m);
    default:
      throw std::logic_error("a kernel of batches was asked for a type that none has");
  }
}

LaunchShape shape_of(const GemmProblem& problem, const BatchedConfig& config, int ctas) {
  return {.clusters = ctas,
          .ranks = 1,
          .threads = batched_threads(config.units),
          .shared_bytes = batched_layout(problem, config).bytes,
          .overlaps = true};
}

}  // namespace

BatchedLaunch prepare_batched(const GemmProblem& problem, const BatchedConfig& config,
                              const DecodeArguments& arguments) {
  if (const auto reason = refusal(problem, config)) {
    throw std::runtime_error(fmt::format("{}: {}", to_string(config), *reason));
  }
  const GemmShape& shape = problem.shape;
  BatchedLaunch launch{.config = config};
  launch.resident =
      prepare_kernel(kernel_of(problem), shape_of(problem, config, 1), to_string(config));
  launch.a = batched_activation_map(arguments.a, problem.batch, shape.m,
                                    shape.k * value_bytes(problem.a), padded_m(shape.m));
  return launch;
}

void launch_batched(const GemmProblem& problem, const BatchedLaunch& launch,
                    const DecodeArguments& arguments, cudaStream_t stream) {
  const BatchedConfig& config = launch.config;
  const GemmShape& shape = problem.shape;
  BatchedParams params{.io = arguments,
                       .weight_step = packed_bytes(problem.b, problem.sparsity, shape.n, shape.k),
                       .output_step = output_rows(shape.m) * shape.n,
                       .shared = batched_layout(problem, config),
                       .chunks = chunks_of(problem),
                       .row_tiles = static_cast<int>(row_tiles(shape.n)),
                       .tiles_n = static_cast<int>(ceil_div(row_tiles(shape.n), config.units)),
                       .tiles_m = static_cast<int>(ceil_div(shape.m, padded_m(shape.m))),
                       .tiles = static_cast<int>(batched_tiles(problem, config)),
                       .units = config.units,
                       .depth = config.depth};
  const LaunchConfig how(shape_of(problem, config, std::min(params.tiles, launch.resident)),
                         stream);
  CUtensorMap a = launch.a;
  void* list[] = {&a, &params};
  check(cudaLaunchKernelExC(&how.value, kernel_of(problem), list), "launch a kernel of batches");
}

}  // namespace twofour::providers::cuda::sm90
