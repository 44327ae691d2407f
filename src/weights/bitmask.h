// The form `sparse-24-bitmask` of compressed-tensors (https://github.com/neuralmagic/
// compressed-tensors): of each row of K weights one bit for each, set where the value is kept, and
// the kept values one after the other. The first weight has the lowest bit of the first byte; every
// four bits have exactly two that are set, and rows are filled up to whole bytes with zeros.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

namespace twofour::weights {

constexpr std::int64_t bitmask_bytes_per_row(std::int64_t k) { return (k + 7) / 8; }

/// The group's four bits, the first weight lowest. `row`: the row's bytes.
constexpr unsigned bitmask_nibble(const std::byte* row, std::int64_t group) {
  return static_cast<unsigned>(row[group / 2]) >> (group % 2 * 4) & 15U;
}

/// Which of a row's kept values weight `k` has; nothing: it is zero.
std::optional<std::int64_t> bitmask_value(const std::byte* row, std::int64_t k);

struct BitmaskGroup {
  std::int64_t row = 0;
  std::int64_t group = 0;  ///< K / 4: the padding
  bool operator==(const BitmaskGroup&) const = default;
};

/// The first group of a mask [n][bitmask_bytes_per_row(k)] whose bits are not two, or the padding
/// where it has any; nothing: the mask is right. 4 divides `k`.
std::optional<BitmaskGroup> wrong_group(std::span<const std::byte> mask, std::int64_t n,
                                        std::int64_t k);

}  // namespace twofour::weights
