// The order in which a thread goes through its tiles, and unrolling: shared by the vectorised
// kernels. Always inlined into files compiled for one instruction set (see kernel.h).
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>

#include "providers/cpu/kernel.h"

namespace twofour::providers::cpu {

/// Calls body(std::integral_constant<int, i>) for i = 0 .. kCount - 1 in straight-line code, so
/// that arrays indexed by i live in registers and immediates can depend on i.
template <int kCount, class Body>
[[gnu::always_inline]] inline void unrolled(Body&& body) {
  [&]<int... i>(std::integer_sequence<int, i...>) __attribute__((always_inline)) {
    (body(std::integral_constant<int, i>{}), ...);
  }
  (std::make_integer_sequence<int, kCount>{});
}

/// Weights that a thread keeps in its L2 cache (1 MiB and more on processors with AVX-512, of which
/// activations take the rest) while it goes through all row blocks.
inline constexpr std::int64_t kResidentWeightBytes = 384 * 1024;

/// Calls tile(panel, rows) for every panel and row block of `args`: a group of panels that stays in
/// L2 meets each row block in turn, and the row block stays in L2 or nearer while it meets the
/// panels of the group.
template <class Tile>
[[gnu::always_inline]] inline void for_each_tile(const RunArgs& args, int max_rows,
                                                 std::int64_t panel_bytes, Tile&& tile) {
  const std::int64_t blocks = block_count(args.shape.m, max_rows);
  const std::int64_t fitting = kResidentWeightBytes / panel_bytes;
  const std::int64_t group = fitting < 1 ? 1 : fitting;
  for (std::int64_t first = args.panels.begin; first < args.panels.end; first += group) {
    const std::int64_t last = first + group < args.panels.end ? first + group : args.panels.end;
    for (std::int64_t block = args.blocks.begin; block < args.blocks.end; ++block) {
      const Range rows = rows_of_block(args.shape.m, blocks, block);
      for (std::int64_t panel = first; panel < last; ++panel) tile(panel, rows);
    }
  }
}

}  // namespace twofour::providers::cpu
