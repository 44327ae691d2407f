// Loops over one row of codes, for with_vector_isa.
#pragma once

#include <cstdint>
#include <cstring>

#include "operands/fill.h"
#include "operands/six_eight_group.h"
#include "operands/two_four_group.h"
#include "operands/vector_isa.h"

namespace twofour::operands {

/// codes[i] = element (row of key, begin + i) before pruning.
template <DataType kType>
struct FillRow {
  using Code = typename Format<kType>::Code;
  TWOFOUR_INLINE static void run(const QuantileSegment* __restrict table, StreamKey key,
                                 std::int64_t begin, std::int64_t count, Code* __restrict codes) {
    const auto first = static_cast<std::uint32_t>(begin);
    const auto length = static_cast<std::uint32_t>(count);
    for (std::uint32_t i = 0; i < length; ++i) {
      codes[i] = random_code<kType>(table, key, first + i);
    }
  }
};

/// Codes 4g .. 4g + 3, with zeros beyond `count`.
template <DataType kType>
TWOFOUR_INLINE GroupWord<kType> load_ragged_group(const typename Format<kType>::Code* codes,
                                                  std::int64_t begin, std::int64_t count) {
  GroupWord<kType> group = 0;
  for (std::int64_t i = begin; i < count; ++i) {
    group |= static_cast<GroupWord<kType>>(codes[i])
             << (static_cast<unsigned>(i - begin) * kCodeBits<kType>);
  }
  return group;
}

template <DataType kType>
TWOFOUR_INLINE void store_ragged_group(GroupWord<kType> group, std::int64_t begin,
                                       std::int64_t count, typename Format<kType>::Code* codes) {
  using Code = typename Format<kType>::Code;
  for (std::int64_t i = begin; i < count; ++i) {
    codes[i] = static_cast<Code>(group >> (static_cast<unsigned>(i - begin) * kCodeBits<kType>));
  }
}

/// Prunes `count` codes in place; the first one starts a group, a ragged last group counts as
/// filled up with zeros.
template <DataType kType>
struct PruneRow {
  using Code = typename Format<kType>::Code;
  using Word = GroupWord<kType>;
  TWOFOUR_INLINE static void run(Code* __restrict codes, std::int64_t count) {
    const std::int64_t groups = count / 4;
    for (std::int64_t g = 0; g < groups; ++g) {
      Word group;
      std::memcpy(&group, codes + 4 * g, sizeof group);
      group = prune_group<kType>(group);
      std::memcpy(codes + 4 * g, &group, sizeof group);
    }
    if (count % 4 != 0) {
      const Word group = prune_group<kType>(load_ragged_group<kType>(codes, 4 * groups, count));
      store_ragged_group<kType>(group, 4 * groups, count, codes);
    }
  }
};

/// The same for groups of eight of which six stay.
template <DataType kType>
struct PruneRowSixEight {
  using Code = typename Format<kType>::Code;
  TWOFOUR_INLINE static void run(Code* __restrict codes, std::int64_t count) {
    const std::int64_t whole = count / kEightGroup * kEightGroup;
    for (std::int64_t begin = 0; begin < whole; begin += kEightGroup) {
      prune_eight<kType>(codes + begin);
    }
    if (whole == count) return;
    const auto rest = static_cast<std::size_t>(count - whole) * sizeof(Code);
    Code group[kEightGroup] = {};
    std::memcpy(group, codes + whole, rest);
    prune_eight<kType>(group);
    std::memcpy(codes + whole, group, rest);
  }
};

}  // namespace twofour::operands
