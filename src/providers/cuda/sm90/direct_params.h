// The parameters that the host passes to a direct kernel.
#pragma once

#include <cstdint>

#include "providers/cuda/sm90/direct.h"
#include "providers/cuda/sm90/layout.h"

namespace twofour::providers::cuda::sm90 {

/// Tiles of 16 rows in a unit of 64 rows (layout.h).
inline constexpr int kTilesPerUnit = kUnitRows / kTileRows;

/// Tiles of 16 rows in the packed weight. They are rounded up to whole units of 64 rows.
constexpr int tiles_of(const GemmProblem& problem) {
  return static_cast<int>(row_tiles(problem.shape.n)) * kTilesPerUnit;
}

/// Constant for all CTAs of a launch. The members row_warps to depth are those of DirectConfig.
struct DirectParams {
  DecodeArguments io;
  int row_bytes;  ///< of A
  int chunks;     ///< chunks of K
  int row_tiles;  ///< tiles of 16 rows in the packed weight
  int row_warps;
  int k_warps;
  int depth;
  DirectLayout shared;
  /// Programmatic dependent launch (Overlap): whether a CTA triggers it at its start. Otherwise the
  /// first warp triggers it when it has this many chunks of weights left whose copies are not
  /// issued.
  bool triggers_at_start;
  int unissued_at_trigger;
};

/// The kernel for M = m and `tiles` row tiles in a warp, to be launched with (DirectParams).
/// Each is defined in a file of its type, direct_i8.cu and so on.
const void* direct_kernel_i8(Sparsity sparsity, std::int64_t m, int tiles);
const void* direct_kernel_bf16(Sparsity sparsity, std::int64_t m, int tiles);
const void* direct_kernel_fp16(Sparsity sparsity, std::int64_t m, int tiles);

/// Largest number of warps of a CTA with which the registers of an SM are enough for two CTAs.
constexpr int max_direct_warps(std::int64_t m, int tiles) {
  if (m <= 8) return tiles == 1 ? 16 : 8;
  return tiles <= 4 ? 8 : 4;
}

}  // namespace twofour::providers::cuda::sm90
