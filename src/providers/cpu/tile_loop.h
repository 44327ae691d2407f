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

/// Calls tiles(panels, rows) for groups of panels that stay in L2 together and each row block in
/// turn; the row block stays in L2 or nearer while it meets the panels of the group. With a single
/// row block there is nothing to stay for, and all panels are one group.
template <class Tiles>
[[gnu::always_inline]] inline void for_each_tile(const RunArgs& args, int max_rows,
                                                 std::int64_t panel_bytes, Tiles&& tiles) {
  const std::int64_t blocks = block_count(args.shape.m, max_rows);
  const std::int64_t fitting = kResidentWeightBytes / panel_bytes;
  const bool again = args.blocks.end - args.blocks.begin > 1;
  const std::int64_t all = args.panels.end - args.panels.begin;
  const std::int64_t group = again ? (fitting < 1 ? 1 : fitting) : all;
  for (std::int64_t first = args.panels.begin; first < args.panels.end; first += group) {
    const std::int64_t last = first + group < args.panels.end ? first + group : args.panels.end;
    for (std::int64_t block = args.blocks.begin; block < args.blocks.end; ++block) {
      tiles(Range{first, last}, rows_of_block(args.shape.m, blocks, block));
    }
  }
}

}  // namespace twofour::providers::cpu
