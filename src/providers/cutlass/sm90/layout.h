// The compressed 2:4 weight that CUTLASS's Hopper kernels read. It depends only on the element
// width, as long as a tile has at least 128 k, so one compressed weight serves every kernel.
//
//   values     [N][packed K / 2], the two kept elements of each group of four, zeros behind K
//   metadata   [K / 128][N / 64][atom of 64 rows x 128 k], a nibble for each group as in
//              operands/two_four.h, the low nibble of a byte first
//
// The order within an atom is that of cutlass::Sm90GemmSparseConfig. 8-bit types: [64 rows][32
// groups]. 16-bit types: permuted so that the metadata of one thread of the matrix instruction is
// contiguous.
#pragma once

#include <cstddef>
#include <cstdint>

#include "core/rounding.h"
#include "operands/fill.h"

namespace twofour::providers::cutlass::sm90 {

inline constexpr std::int64_t kAtomRows = 64;
inline constexpr std::int64_t kAtomDepth = 128;
/// A nibble for each group of four k.
inline constexpr std::int64_t kAtomBytes = kAtomRows * kAtomDepth / 8;

/// Bytes of the metadata of a weight [n][k], in whole atoms.
constexpr std::size_t metadata_bytes(std::int64_t n, std::int64_t k) {
  return static_cast<std::size_t>(round_up(n, kAtomRows) * round_up(k, kAtomDepth) / 8);
}

/// K as the values have it: rows of them are whole vectors of 16 bytes, which is half as many k of
/// the activations.
constexpr std::int64_t packed_k(std::int64_t k, DataType type) {
  return round_up(k, 2 * elements_in(type, 16));
}

/// Bytes of the values of a weight [n][k] of `type`.
constexpr std::size_t values_bytes(std::int64_t n, std::int64_t k, DataType type) {
  return bytes_of(type, n * (packed_k(k, type) / 2));
}

/// Position of (row, k) in the metadata, in units of k: the group's nibble has number
/// metadata_position / 4 and is in byte metadata_position / 8. k is a multiple of 4.
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
