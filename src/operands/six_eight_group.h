// The 6:8 rule for one group: which six of eight consecutive elements stay. Shared by host and
// CUDA.
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

}  // namespace twofour::operands
