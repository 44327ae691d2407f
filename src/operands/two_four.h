// 2:4 along K for whole weights: prune, compress, decompress, validate. Weights are [N][K]
// row-major in host memory, of a one- or two-byte operand type. A group is four consecutive k of
// one row; where K is not a multiple of four, the last group of a row counts as filled up with
// zeros.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "core/data_type.h"

namespace twofour::operands {

/// Groups in a row of K elements.
constexpr std::int64_t groups_per_row(std::int64_t k) { return (k + 3) / 4; }
/// Elements in a row of compressed values: two for each group, so K / 2 where 4 divides K.
constexpr std::int64_t values_per_row(std::int64_t k) { return 2 * groups_per_row(k); }
/// Bytes in a row of metadata: a nibble for each group, padded to whole bytes with a zero nibble.
constexpr std::int64_t metadata_bytes_per_row(std::int64_t k) {
  return (groups_per_row(k) + 1) / 2;
}

/// Sets all but the two largest magnitudes of each group to +0, in place. Ties go to the lower
/// index, zeros of either sign count as zero, and NaN counts as larger than every number.
void prune_two_four(DataType type, void* b, std::int64_t n, std::int64_t k, int threads);

/// The canonical compressed form of a weight that validate_two_four accepts (of any other, that of
/// the pruned weight): `values` is [N][values_per_row(k)] of `type`, `metadata`
/// [N][metadata_bytes_per_row(k)] bytes. A group's nibble is i0 | i1 << 2 with i0 < i1, the
/// positions of its two values; the low nibble of a byte comes first. With fewer than two non-zeros
/// the pair is completed by the lowest free positions: an all-zero group is 0b0100.
void compress_two_four(DataType type, const void* b, std::int64_t n, std::int64_t k, void* values,
                       std::uint8_t* metadata, int threads);

/// The inverse: `b` is [N][K]. The compressed form must be valid.
void decompress_two_four(DataType type, const void* values, const std::uint8_t* metadata,
                         std::int64_t n, std::int64_t k, void* b, int threads);

/// Where a weight breaks the rule.
struct GroupPosition {
  std::int64_t row = 0;
  std::int64_t group = 0;  ///< covers k = 4 * group .. 4 * group + 3
  bool operator==(const GroupPosition&) const = default;
};

/// The first group, row by row, with more than two non-zeros (zeros of either sign are zeros);
/// nothing when the weight is 2:4 sparse.
std::optional<GroupPosition> validate_two_four(DataType type, const void* b, std::int64_t n,
                                               std::int64_t k, int threads);

/// The first group whose nibble does not name two positions in ascending order, or that has a
/// non-zero value at a position beyond K; nothing when the compressed form is valid.
std::optional<GroupPosition> validate_compressed(DataType type, const void* values,
                                                 const std::uint8_t* metadata, std::int64_t n,
                                                 std::int64_t k, int threads);

}  // namespace twofour::operands
