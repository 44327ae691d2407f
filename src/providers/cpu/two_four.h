// Which two of its four values a 2:4 group keeps in packed B.
#pragma once

#include <array>
#include <cstdint>

namespace twofour::providers::cpu {

/// Positions of the kept values in their group of four, first < second. A group with fewer than two
/// non-zeros keeps zeros to fill up.
struct GroupPositions {
  std::uint8_t first;
  std::uint8_t second;
};

/// Kept positions by the mask of the group's non-zeros (bit i: value i is not zero). A mask with
/// more than two bits is not 2:4, and keeps its first two.
inline constexpr std::array<GroupPositions, 16> kKeptPairs = [] {
  std::array<GroupPositions, 16> pairs{};
  for (unsigned mask = 0; mask < 16; ++mask) {
    unsigned kept = 0;
    unsigned count = 0;
    for (unsigned i = 0; i < 4 && count < 2; ++i) {
      if (mask >> i & 1u) kept |= 1u << i, ++count;
    }
    for (unsigned i = 0; i < 4 && count < 2; ++i) {
      if (!(kept >> i & 1u)) kept |= 1u << i, ++count;
    }
    std::uint8_t first = 0;
    while (!(kept >> first & 1u)) ++first;
    auto second = static_cast<std::uint8_t>(first + 1);
    while (!(kept >> second & 1u)) ++second;
    pairs[mask] = {first, second};
  }
  return pairs;
}();

}  // namespace twofour::providers::cpu
