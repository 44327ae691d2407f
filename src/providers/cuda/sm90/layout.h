// How W [N][K] is packed for the decode kernels: [row tile of 64][chunk of K][unit]. A unit, 64
// rows by one chunk, is contiguous and in the order in which matrix instructions read it from
// shared memory, so that one bulk copy loads it.
//
//   chunk   what 128 bytes of values of a row hold: of 8-bit types 128 k (dense) or 256 k (2:4), of
//           16-bit types half of that
//   unit    values [64 rows][128 bytes], swizzled; for 2:4 then metadata [vectors][4 steps] words
//
// Values are in Hopper's 128-byte swizzle: the 16-byte piece p of row r is at piece p ^ (r % 8)
// (PTX ISA, "Matrices in shared memory"). Metadata is in the order of the threads of a warpgroup
// that pass it to wgmma.mma_async.sp (PTX ISA, "Sparse wgmma: metadata"):
//
//   8 bits, m64nNk64    128 vectors. A word of thread t has the nibbles of 8 groups of row
//                       16 * (t / 32) + t % 32 / 4 + 8 * (t % 2), in the lower or upper half of the
//                       step's 64 k for t / 2 % 2 = 0 or 1.
//   16 bits, m64nNk32   64 vectors, for the threads t with t / 2 % 2 = 0, which sparsity selector 0
//                       names. A word of thread t has the nibbles of 4 groups of row
//                       16 * (t / 32) + t % 32 / 4 in its lower half and of the row 8 below in its
//                       upper half, in the lower or upper half of the step's 32 k for t % 2 = 0
//                       or 1.
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

/// Bytes of one value, 1 or 2.
TWOFOUR_HOST_DEVICE constexpr int value_bytes(DataType type) {
  return type == DataType::kBf16 || type == DataType::kFp16 ? 2 : 1;
}

/// Metadata of a 2:4 unit. The words of a thread for all k-steps are one vector of 16 bytes.
TWOFOUR_HOST_DEVICE constexpr int metadata_bytes(DataType type) {
  return 128 / value_bytes(type) * kStepsPerChunk * 4;
}

/// Number of the vector of metadata that thread `thread` of a warp or a warpgroup passes, counted
/// from the warp's or the warpgroup's first. Threads whose word no instruction looks at pass that
/// of a neighbour.
TWOFOUR_HOST_DEVICE constexpr int metadata_vector(DataType type, int thread) {
  return value_bytes(type) == 1 ? thread : thread / 4 * 2 + thread % 2;
}

/// Bytes of a row of A that one chunk meets.
TWOFOUR_HOST_DEVICE constexpr int chunk_row_bytes(Sparsity sparsity) {
  return sparsity == Sparsity::kTwoFour ? 2 * kRowBytes : kRowBytes;
}

/// k in one chunk.
TWOFOUR_HOST_DEVICE constexpr int chunk_columns(DataType type, Sparsity sparsity) {
  return chunk_row_bytes(sparsity) / value_bytes(type);
}

TWOFOUR_HOST_DEVICE constexpr int unit_bytes(DataType type, Sparsity sparsity) {
  return sparsity == Sparsity::kTwoFour ? kValueBytes + metadata_bytes(type) : kValueBytes;
}

/// Byte offset of the 16-byte piece `piece` of row `row` in rows of 128 bytes with 128-byte
/// swizzle.
TWOFOUR_HOST_DEVICE constexpr int swizzled_offset(int row, int piece) {
  return row * kRowBytes + ((piece ^ (row % 8)) * kPieceBytes);
}

/// Byte offset in a unit of the metadata of piece `piece` of row `row`: a word of 8 groups for
/// 8-bit types, half a word of 4 groups for 16-bit types. A k-step has two pieces.
TWOFOUR_HOST_DEVICE constexpr int metadata_offset(DataType type, int row, int piece) {
  const int step = piece / 2;
  const int lower_row = row % 16 / 8;
  if (value_bytes(type) == 1) {
    const int thread = row / 16 * 32 + row % 8 * 4 + piece % 2 * 2 + lower_row;
    return kValueBytes + (thread * kStepsPerChunk + step) * 4;
  }
  const int vector = row / 16 * 16 + row % 8 * 2 + piece % 2;
  return kValueBytes + (vector * kStepsPerChunk + step) * 4 + lower_row * 2;
}

/// Tiles of 64 rows that n rows take.
constexpr std::int64_t row_tiles(std::int64_t n) { return (n + kUnitRows - 1) / kUnitRows; }

/// Chunks that k takes, the last one padded with zeros.
TWOFOUR_HOST_DEVICE constexpr std::int64_t chunks(DataType type, Sparsity sparsity,
                                                  std::int64_t k) {
  return (k + chunk_columns(type, sparsity) - 1) / chunk_columns(type, sparsity);
}

constexpr int chunks_of(const GemmProblem& problem) {
  return static_cast<int>(chunks(problem.b, problem.sparsity, problem.shape.k));
}

/// Bytes of packed W [n][k]; unit (tile, chunk) has number tile * chunks + chunk.
constexpr std::int64_t packed_bytes(DataType type, Sparsity sparsity, std::int64_t n,
                                    std::int64_t k) {
  return row_tiles(n) * chunks(type, sparsity, k) * unit_bytes(type, sparsity);
}

}  // namespace twofour::providers::cuda::sm90
