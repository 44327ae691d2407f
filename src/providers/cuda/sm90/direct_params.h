// What the host hands to a direct kernel.
#pragma once

#include <cstdint>

#include "providers/cuda/sm90/direct.h"
#include "providers/cuda/sm90/layout.h"

namespace twofour::providers::cuda::sm90 {

inline constexpr int kTilesPerUnit = kUnitRows / kTileRows;

/// Tiles of 16 rows in the packed weight.
constexpr int tiles_of(const GemmProblem& problem) {
  return static_cast<int>(row_tiles(problem.shape.n)) * kTilesPerUnit;
}

/// What is constant in a launch.
struct DirectParams {
  DecodeArguments io;
  int k;
  int chunks;     ///< of K
  int row_tiles;  ///< tiles of 16 rows in the packed weight
  int row_warps;
  int k_warps;
  int depth;
  DirectLayout shared;
  bool starts_next_at_once;  ///< the next kernel
  int unasked_at_trigger;    ///< else, when the first warp has so many chunks left to ask for
};

/// The kernel for m tokens and `tiles` row tiles in a warp, to be launched with (DirectParams).
/// Defined in direct_i8.cu.
const void* direct_kernel_i8(Sparsity sparsity, std::int64_t m, int tiles);

/// Most warps of a CTA of which two have the registers that they need on an SM.
constexpr int most_direct_warps(std::int64_t m, int tiles) {
  if (m <= 8) return tiles == 1 ? 16 : 8;
  return tiles <= 4 ? 8 : 4;
}

}  // namespace twofour::providers::cuda::sm90
