// The 6:8 rule for one group: which six of eight consecutive elements stay, and how what stays goes
// into three 2:4 windows (six_eight.h). Shared by host and CUDA.
#pragma once

#include <cstdint>

#include "core/data_type.h"
#include "operands/fill.h"
#include "operands/number_formats.h"

namespace twofour::operands {

/// Elements of a 6:8 group.
inline constexpr int kEightGroup = 8;
/// Non-zeros that it may have.
inline constexpr int kEightKept = 6;
/// Windows of four that a group becomes, how far one is from the next, and non-zeros that each may
/// have.
inline constexpr int kWindows = 3;
inline constexpr int kWindow = 4;
inline constexpr int kWindowStep = 2;
inline constexpr int kWindowKept = 2;
/// Columns of the windows together.
inline constexpr int kWindowColumns = kWindows * kWindow;

/// Keeps the six largest magnitudes of eight codes, ties to the lower index; everything else, and a
/// kept zero of either sign, becomes +0. NaN counts as larger than every number. A group that
/// reaches over the end of a row is given zeros there.
template <DataType kType>
TWOFOUR_HOST_DEVICE constexpr void prune_eight(typename Format<kType>::Code* codes) {
  using Code = typename Format<kType>::Code;
  // All different: larger magnitude first, then lower index.
  std::uint32_t ranks[kEightGroup] = {};
  for (int i = 0; i < kEightGroup; ++i) {
    ranks[i] =
        (Format<kType>::magnitude(codes[i]) << 3) | static_cast<std::uint32_t>(kEightGroup - 1 - i);
  }
  std::uint32_t lowest = ~0u;
  std::uint32_t second = ~0u;
  for (int i = 0; i < kEightGroup; ++i) {
    const std::uint32_t larger = ranks[i] > lowest ? ranks[i] : lowest;
    lowest = ranks[i] > lowest ? lowest : ranks[i];
    second = larger > second ? second : larger;
  }
  for (int i = 0; i < kEightGroup; ++i) {
    // Ranks below 8 are those of zeros.
    const bool kept = ranks[i] > second && ranks[i] >= 8u;
    codes[i] = kept ? codes[i] : Code{0};
  }
}

/// Puts each non-zero of a 6:8 group of eight into the first of its windows that has room; all
/// other places of `out` [kWindowColumns] become +0.
template <DataType kType>
TWOFOUR_HOST_DEVICE constexpr void expand_weight_group(const typename Format<kType>::Code* group,
                                                       typename Format<kType>::Code* out) {
  int taken[kWindows] = {};
  for (int i = 0; i < kWindowColumns; ++i) out[i] = 0;
  for (int i = 0; i < kEightGroup; ++i) {
    if (Format<kType>::magnitude(group[i]) == 0) continue;
    for (int w = 0; w < kWindows; ++w) {
      const int place = i - w * kWindowStep;
      if (place < 0 || place >= kWindow || taken[w] == kWindowKept) continue;
      out[w * kWindow + place] = group[i];
      ++taken[w];
      break;
    }
  }
}

}  // namespace twofour::operands
