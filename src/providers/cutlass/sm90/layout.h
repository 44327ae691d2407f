// The compressed form that CUTLASS's Hopper kernels read. It depends on the element width alone as
// long as a tile is at least 128 deep, so one compressed weight serves every kernel.
//
// Values: [N][K / 2] row-major, the two kept elements of each group of four. Metadata: the nibble
// of each group (operands/two_four.h), low nibble of a byte first, in atoms of 64 rows x 128
// elements of K. Atoms lie row blocks first, then along K. The order within an atom is that of
// cutlass::Sm90GemmSparseConfig: row by row for 8-bit types; for 16-bit types such that a thread of
// the matrix instruction finds its metadata in one piece.
#pragma once

#include <cstddef>
#include <cstdint>

#include "core/rounding.h"
#include "operands/fill.h"

namespace twofour::providers::cutlass::sm90 {

inline constexpr std::int64_t kAtomRows = 64;
inline constexpr std::int64_t kAtomDepth = 128;
/// A nibble for each four elements of K.
inline constexpr std::int64_t kAtomBytes = kAtomRows * kAtomDepth / 8;

/// Bytes of the metadata of an [n][k] weight, whole atoms.
constexpr std::size_t metadata_bytes(std::int64_t n, std::int64_t k) {
  return static_cast<std::size_t>(round_up(n, kAtomRows) * round_up(k, kAtomDepth) / 8);
}

/// Bytes of the values of an [n][k] weight of `element_bytes`-byte elements; 4 divides k.
constexpr std::size_t values_bytes(std::int64_t n, std::int64_t k, int element_bytes) {
  return static_cast<std::size_t>(n * (k / 2) * element_bytes);
}

/// Position, in elements of K, of (row, k) within the metadata: its nibble is number
/// metadata_position / 4, in byte metadata_position / 8. k is a multiple of 4.
TWOFOUR_HOST_DEVICE constexpr std::int64_t metadata_position(std::int64_t row, std::int64_t k,
                                                             std::int64_t n, int element_bytes) {
  const std::int64_t row_blocks = (n + kAtomRows - 1) / kAtomRows;
  const std::int64_t atom = row / kAtomRows + k / kAtomDepth * row_blocks;
  const std::int64_t m = row % kAtomRows;
  const std::int64_t kk = k % kAtomDepth;
  std::int64_t within = 0;
  if (element_bytes == 1) {
    within = m * kAtomDepth + kk;
  } else {
    within = kk % 16 + 16 * (m / 8 % 2) + 32 * (kk / 32) + 128 * (m % 8) + 1024 * (kk / 16 % 2) +
             2048 * (m / 16);
  }
  return atom * (kAtomRows * kAtomDepth) + within;
}

}  // namespace twofour::providers::cutlass::sm90
