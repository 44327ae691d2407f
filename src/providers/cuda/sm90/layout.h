// How W [N][K] is packed for the decode kernels: [row tile of 64][chunk of K][unit]. A unit, 64
// rows by one chunk, is contiguous and in the order in which matrix instructions read it from
// shared memory, so that one bulk copy loads it.
//
//   chunk   128 k (dense) or 256 k (2:4): 128 bytes of values of a row
//   unit    values [64 rows][128 bytes], swizzled; for 2:4 then metadata [128 threads][4 steps]
//   words
//
// Values are in Hopper's 128-byte swizzle: the 16-byte piece p of row r is at piece p ^ (r % 8)
// (PTX ISA, "Matrices in shared memory"). Metadata is in the order of the threads of a warpgroup
// that pass it to wgmma.mma_async.sp (PTX ISA, "Sparse wgmma: metadata", m64nNk64): a word of
// thread t has the nibbles of 8 groups of row 16 * (t / 32) + t % 32 / 4 + 8 * (t % 2), in the
// lower or upper half of the step's 64 k for t / 2 % 2 = 0 or 1.
#pragma once

#include <cstdint>

#include "core/problem.h"
#include "core/rounding.h"
#include "operands/fill.h"

namespace twofour::providers::cuda::sm90 {

inline constexpr int kUnitRows = 64;
inline constexpr int kRowBytes = 128;
inline constexpr int kPieceBytes = 16;
inline constexpr int kPiecesPerRow = kRowBytes / kPieceBytes;
inline constexpr int kValueBytes = kUnitRows * kRowBytes;
/// Matrix instructions (k-steps) of one chunk: each takes 32 bytes of values of a row.
inline constexpr int kStepsPerChunk = 4;
/// Metadata of a unit. A thread's words of all k-steps are one 16-byte vector.
inline constexpr int kMetadataBytes = 128 * kStepsPerChunk * 4;

/// k in one chunk.
TWOFOUR_HOST_DEVICE constexpr int chunk_columns(Sparsity sparsity) {
  return sparsity == Sparsity::kTwoFour ? 2 * kRowBytes : kRowBytes;
}

TWOFOUR_HOST_DEVICE constexpr int unit_bytes(Sparsity sparsity) {
  return sparsity == Sparsity::kTwoFour ? kValueBytes + kMetadataBytes : kValueBytes;
}

/// Byte offset of the 16-byte piece `piece` of row `row` in rows of 128 bytes with 128-byte
/// swizzle.
TWOFOUR_HOST_DEVICE constexpr int swizzled_offset(int row, int piece) {
  return row * kRowBytes + ((piece ^ (row % 8)) * kPieceBytes);
}

/// Byte offset in a unit of the metadata word of k = 32 * word .. 32 * word + 31 of row `row`.
TWOFOUR_HOST_DEVICE constexpr int metadata_offset(int row, int word) {
  const int thread = row / 16 * 32 + row % 8 * 4 + word % 2 * 2 + row % 16 / 8;
  return kValueBytes + thread * kStepsPerChunk * 4 + word / 2 * 4;
}

/// Tiles of 64 rows that n rows take.
constexpr std::int64_t row_tiles(std::int64_t n) { return (n + kUnitRows - 1) / kUnitRows; }

/// Chunks that k takes, the last one padded with zeros.
constexpr std::int64_t chunks(Sparsity sparsity, std::int64_t k) {
  return (k + chunk_columns(sparsity) - 1) / chunk_columns(sparsity);
}

constexpr int chunks_of(const GemmProblem& problem) {
  return static_cast<int>(chunks(problem.sparsity, problem.shape.k));
}

/// Bytes of packed W [n][k]; unit (tile, chunk) has number tile * chunks + chunk.
constexpr std::int64_t packed_bytes(Sparsity sparsity, std::int64_t n, std::int64_t k) {
  return row_tiles(n) * chunks(sparsity, k) * unit_bytes(sparsity);
}

}  // namespace twofour::providers::cuda::sm90
