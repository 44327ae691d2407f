#include "providers/cuda/direct.h"

#include <fmt/format.h>

#include <algorithm>
#include <stdexcept>

#include "device/cuda/error.h"
#include "providers/cuda/direct_params.h"
#include "providers/cuda/launch_config.h"
#include "providers/cuda/layout.h"

namespace twofour::providers::cuda {
namespace {

using device::cuda::check;

const void* kernel_of(const GemmProblem& problem, const DirectConfig& config) {
  return direct_kernel_i8(problem.sparsity, problem.shape.m, config.tiles);
}

int tiles_of(const GemmProblem& problem) {
  return static_cast<int>(row_tiles(problem.shape.n)) * (kUnitRows / kTileRows);
}

LaunchShape shape_of(const GemmProblem& problem, const DirectConfig& config) {
  const int tiles = config.tiles * config.row_warps;
  return {.clusters = (tiles_of(problem) + tiles - 1) / tiles,
          .ranks = config.ranks,
          .threads = config.warps() * 32,
          .shared_bytes = direct_layout(problem, config).bytes,
          .overlaps = config.overlap != Overlap::kNone};
}

/// How many chunks the first warp has still to ask for when the next kernel may start.
int unasked_at_trigger(const GemmProblem& problem, const DirectConfig& config) {
  const auto chunk_count = static_cast<int>(chunks(problem.sparsity, problem.shape.k));
  const int of_warp = chunk_count / config.ranks / config.k_warps;
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
  DirectParams params{.weights = static_cast<const std::uint8_t*>(arguments.weights),
                      .a = static_cast<const std::uint8_t*>(arguments.a),
                      .d = arguments.d,
                      .scale_a = arguments.scale_a,
                      .scale_b = arguments.scale_b,
                      .bias = arguments.bias,
                      .stamps = arguments.stamps,
                      .m = arguments.m,
                      .n = arguments.n,
                      .k = static_cast<int>(problem.shape.k),
                      .chunks = static_cast<int>(chunks(problem.sparsity, problem.shape.k)),
                      .row_tiles = tiles_of(problem),
                      .row_warps = config.row_warps,
                      .k_warps = config.k_warps,
                      .depth = config.depth,
                      .shared = direct_layout(problem, config),
                      .scale_a_per_token = arguments.scale_a_per_token,
                      .scale_b_per_channel = arguments.scale_b_per_channel,
                      .fp16_output = arguments.fp16_output,
                      .starts_next_at_once = config.overlap == Overlap::kEarly,
                      .unasked_at_trigger = unasked_at_trigger(problem, config)};
  void* list[] = {&params};
  check(cudaLaunchKernelExC(&how.value, kernel_of(problem, config), list),
        "launch a direct decode kernel");
}

}  // namespace twofour::providers::cuda
