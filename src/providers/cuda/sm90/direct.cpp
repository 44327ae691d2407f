#include "providers/cuda/sm90/direct.h"

#include <fmt/format.h>

#include <algorithm>
#include <stdexcept>

#include "device/cuda/error.h"
#include "providers/cuda/sm90/direct_params.h"
#include "providers/cuda/sm90/launch_config.h"
#include "providers/cuda/sm90/layout.h"

namespace twofour::providers::cuda::sm90 {
namespace {

using device::cuda::check;

const void* kernel_of(const GemmProblem& problem, const DirectConfig& config) {
  const std::int64_t m = problem.shape.m;
  switch (problem.a) {
    case DataType::kInt8:
      return direct_kernel_i8(problem.sparsity, m, config.tiles);
    case DataType::kBf16:
      return direct_kernel_bf16(problem.sparsity, m, config.tiles);
    case DataType::kFp16:
      return direct_kernel_fp16(problem.sparsity, m, config.tiles);
    default:
      throw std::logic_error("a direct kernel was asked for a type that none has");
  }
}

LaunchShape shape_of(const GemmProblem& problem, const DirectConfig& config) {
  const int tiles = config.tiles * config.row_warps;
  return {.clusters = (tiles_of(problem) + tiles - 1) / tiles,
          .ranks = config.ranks,
          .threads = config.warps() * 32,
          .shared_bytes = direct_layout(problem, config).bytes,
          .overlaps = config.overlap != Overlap::kNone};
}

/// DirectParams::unissued_at_trigger.
int unissued_at_trigger(const GemmProblem& problem, const DirectConfig& config) {
  const int of_warp = chunks_of(problem) / config.ranks / config.k_warps;
  return config.overlap == Overlap::kHalf ? std::max(0, of_warp - config.depth) / 2 : 0;
}

}  // namespace

void prepare_direct(const GemmProblem& problem, const DirectConfig& config) {
  if (const auto reason = refusal(problem, config)) {
    throw std::runtime_error(fmt::format("{}: {}", to_string(config), *reason));
  }
  prepare_kernel(kernel_of(problem, config), shape_of(problem, config), to_string(config));
}

void launch_direct(const GemmProblem& problem, const DirectConfig& config,
                   const DecodeArguments& arguments, cudaStream_t stream) {
  const LaunchConfig how(shape_of(problem, config), stream);
  DirectParams params{.io = arguments,
                      .row_bytes = static_cast<int>(problem.shape.k * value_bytes(problem.a)),
                      .chunks = chunks_of(problem),
                      .row_tiles = tiles_of(problem),
                      .row_warps = config.row_warps,
                      .k_warps = config.k_warps,
                      .depth = config.depth,
                      .shared = direct_layout(problem, config),
                      .triggers_at_start = config.overlap == Overlap::kEarly,
                      .unissued_at_trigger = unissued_at_trigger(problem, config)};
  void* list[] = {&params};
  check(cudaLaunchKernelExC(&how.value, kernel_of(problem, config), list),
        "launch a direct decode kernel");
}

}  // namespace twofour::providers::cuda::sm90
