// How weights are packed for the decode kernels: units of 64 rows by one chunk of K, each unit one
// contiguous piece that a bulk copy brings to shared memory as the matrix instructions read it.
//
// A unit holds 64 rows of 128 bytes of values in Hopper's 128-byte swizzle (PTX ISA, "Matrices in
// shared memory": the 16-byte piece p of row r lies at piece p ^ (r % 8)), for 2:4 followed by the
// metadata in the order of the threads that feed it to wgmma.mma_async.sp (PTX ISA, "Sparse
// wgmma: metadata", m64nNk64): thread t of 128 holds 8 groups of row
// 16 * (t / 32) + t % 32 / 4 + 8 * (t % 2), those of the lower or upper half of 64 k by t / 2 % 2.
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
/// Matrix instructions along one chunk: each takes 32 bytes of values of a row.
inline constexpr int kStepsPerChunk = 4;
/// A thread's metadata of all steps is one 16-byte vector.
inline constexpr int kMetadataBytes = 128 * kStepsPerChunk * 4;

/// Columns of K in one unit.
TWOFOUR_HOST_DEVICE constexpr int chunk_columns(Sparsity sparsity) {
  return sparsity == Sparsity::kTwoFour ? 2 * kRowBytes : kRowBytes;
}

TWOFOUR_HOST_DEVICE constexpr int unit_bytes(Sparsity sparsity) {
  return sparsity == Sparsity::kTwoFour ? kValueBytes + kMetadataBytes : kValueBytes;
}

/// Where the 16-byte piece `piece` of row `row` lies in 128-byte swizzled rows.
TWOFOUR_HOST_DEVICE constexpr int swizzled_offset(int row, int piece) {
  return row * kRowBytes + ((piece ^ (row % 8)) * kPieceBytes);
}

/// Where in a unit the metadata word lies that covers columns 32 * word .. 32 * word + 31 of `row`.
TWOFOUR_HOST_DEVICE constexpr int metadata_offset(int row, int word) {
  const int thread = row / 16 * 32 + row % 8 * 4 + word % 2 * 2 + row % 16 / 8;
  return kValueBytes + thread * kStepsPerChunk * 4 + word / 2 * 4;
}

constexpr std::int64_t row_tiles(std::int64_t n) { return (n + kUnitRows - 1) / kUnitRows; }

constexpr std::int64_t chunks(Sparsity sparsity, std::int64_t k) {
  return (k + chunk_columns(sparsity) - 1) / chunk_columns(sparsity);
}

constexpr int chunks_of(const GemmProblem& problem) {
  return static_cast<int>(chunks(problem.sparsity, problem.shape.k));
}

/// Bytes of a packed weight [n][k]: unit (tile, chunk) is the one at tile * chunks + chunk.
constexpr std::int64_t packed_bytes(Sparsity sparsity, std::int64_t n, std::int64_t k) {
  return row_tiles(n) * chunks(sparsity, k) * unit_bytes(sparsity);
}

}  // namespace twofour::providers::cuda::sm90
