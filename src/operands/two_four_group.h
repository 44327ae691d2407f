// The 2:4 rule for one group: which two of four consecutive elements stay. Shared by host and CUDA.
#pragma once

#include <cstdint>
#include <type_traits>

#include "core/data_type.h"
#include "operands/fill.h"
#include "operands/number_formats.h"

namespace twofour::operands {

/// Four codes of a type in one integer, the first in the lowest bits.
template <DataType kType>
using GroupWord =
    std::conditional_t<sizeof(typename Format<kType>::Code) == 1, std::uint32_t, std::uint64_t>;

/// Two codes of a type in one integer: the values that a group keeps.
template <DataType kType>
using PairWord =
    std::conditional_t<sizeof(typename Format<kType>::Code) == 1, std::uint16_t, std::uint32_t>;

template <DataType kType>
inline constexpr unsigned kCodeBits = 8u * sizeof(typename Format<kType>::Code);

/// Ranks of the four elements, all different: larger magnitude first, then lower index.
struct GroupRanks {
  std::uint32_t rank[4];
  std::uint32_t second;  ///< the second largest of them
};

template <DataType kType>
TWOFOUR_HOST_DEVICE constexpr GroupRanks group_ranks(GroupWord<kType> group) {
  constexpr unsigned kBits = kCodeBits<kType>;
  constexpr std::uint32_t kMask = (1u << kBits) - 1u;
  const auto code = [&](unsigned i) {
    return static_cast<std::uint32_t>(group >> (i * kBits)) & kMask;
  };
  const std::uint32_t r0 = (Format<kType>::magnitude(code(0)) << 2) | 3u;
  const std::uint32_t r1 = (Format<kType>::magnitude(code(1)) << 2) | 2u;
  const std::uint32_t r2 = (Format<kType>::magnitude(code(2)) << 2) | 1u;
  const std::uint32_t r3 = Format<kType>::magnitude(code(3)) << 2;
  const std::uint32_t high01 = r0 > r1 ? r0 : r1;
  const std::uint32_t low01 = r0 > r1 ? r1 : r0;
  const std::uint32_t high23 = r2 > r3 ? r2 : r3;
  const std::uint32_t low23 = r2 > r3 ? r3 : r2;
  const std::uint32_t winner_loser = high01 > high23 ? high23 : high01;
  const std::uint32_t loser_winner = low01 > low23 ? low01 : low23;
  return {{r0, r1, r2, r3}, winner_loser > loser_winner ? winner_loser : loser_winner};
}

/// Keeps the two largest magnitudes, ties to the lower index; everything else, and a kept zero of
/// either sign, becomes +0. NaN counts as larger than every number. A group that reaches over the
/// end of a row is given zeros there.
template <DataType kType>
TWOFOUR_HOST_DEVICE constexpr GroupWord<kType> prune_group(GroupWord<kType> group) {
  using Word = GroupWord<kType>;
  constexpr unsigned kBits = kCodeBits<kType>;
  constexpr Word kMask = (Word{1} << kBits) - 1u;
  const GroupRanks ranks = group_ranks<kType>(group);
  // Ranks below 4 are those of zeros.
  const std::uint32_t least = ranks.second > 4u ? ranks.second : 4u;
  const Word mask0 = ranks.rank[0] >= least ? kMask : Word{0};
  const Word mask1 = ranks.rank[1] >= least ? kMask << kBits : Word{0};
  const Word mask2 = ranks.rank[2] >= least ? kMask << (2 * kBits) : Word{0};
  const Word mask3 = ranks.rank[3] >= least ? kMask << (3 * kBits) : Word{0};
  return group & (mask0 | mask1 | mask2 | mask3);
}

/// Positions of the two elements that the canonical compressed form stores: those that pruning
/// would keep. With fewer than two non-zeros the lowest free positions fill the pair, so an
/// all-zero group is (0, 1).
struct KeptPair {
  std::uint32_t first = 0;
  std::uint32_t second = 1;
  /// The metadata nibble.
  [[nodiscard]] TWOFOUR_HOST_DEVICE constexpr std::uint32_t nibble() const {
    return first | (second << 2);
  }
};

template <DataType kType>
TWOFOUR_HOST_DEVICE constexpr KeptPair kept_pair(GroupWord<kType> group) {
  const GroupRanks ranks = group_ranks<kType>(group);
  const bool keep0 = ranks.rank[0] >= ranks.second;
  const bool keep1 = ranks.rank[1] >= ranks.second;
  const bool keep2 = ranks.rank[2] >= ranks.second;
  const bool keep3 = ranks.rank[3] >= ranks.second;
  const std::uint32_t first = keep0 ? 0u : keep1 ? 1u : 2u;
  const std::uint32_t second = keep3 ? 3u : keep2 ? 2u : 1u;
  return {first, second};
}

/// Whether a nibble names two positions in ascending order.
TWOFOUR_HOST_DEVICE constexpr bool valid_nibble(std::uint32_t nibble) {
  return (nibble & 3u) < ((nibble >> 2) & 3u);
}

}  // namespace twofour::operands
