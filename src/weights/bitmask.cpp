#include "weights/bitmask.h"

#include <bit>

namespace twofour::weights {

std::optional<std::int64_t> bitmask_value(const std::byte* row, std::int64_t k) {
  const std::int64_t group = k / 4;
  const unsigned nibble = bitmask_nibble(row, group);
  const unsigned bit = 1U << (k % 4);
  if ((nibble & bit) == 0) return std::nullopt;
  return 2 * group + std::popcount(nibble & (bit - 1));
}

std::optional<BitmaskGroup> wrong_group(std::span<const std::byte> mask, std::int64_t n,
                                        std::int64_t k) {
  const std::int64_t groups = k / 4;
  for (std::int64_t i = 0; i < n; ++i) {
    const std::byte* row = mask.data() + i * bitmask_bytes_per_row(k);
    for (std::int64_t g = 0; g < groups; ++g) {
      if (std::popcount(bitmask_nibble(row, g)) != 2) return BitmaskGroup{i, g};
    }
    if (groups % 2 != 0 && bitmask_nibble(row, groups) != 0) return BitmaskGroup{i, groups};
  }
  return std::nullopt;
}

}  // namespace twofour::weights
