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

/// Before a loop of constant bounds over arrays of vectors that must live in registers. Compiles
/// much faster than unrolled(). A sanitizer checks each access, in straight-line code each copy of
/// it, which takes the compiler minutes a file: there loops stay loops, with the same checks.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define TWOFOUR_UNROLL
#else
#define TWOFOUR_UNROLL _Pragma("GCC unroll 64")
#endif

/// What a thread keeps of the weights in its L2 cache (1 MiB and more on processors with AVX-512,
/// of which activations take the rest) while it goes through all row blocks.
inline constexpr std::int64_t kResidentBytes = 512 * 1024;

/// Panels that stay in L2 together when each takes `bytes` there.
[[gnu::always_inline]] constexpr std::int64_t resident_panels(std::int64_t bytes) {
  return kResidentBytes < bytes ? 1 : kResidentBytes / bytes;
}

/// Whether these panels are met for the only time in this launch, for the first time, or again.
enum class Visit : std::uint8_t { kOnly, kFirst, kAgain };

/// Calls tiles(panels, rows, visit) for groups of at most `group` panels and each row block in
/// turn: the group stays in L2, and the row block stays in L2 or nearer while it meets the panels
/// of the group. With a single row block there is nothing to stay for, and all panels are one
/// group.
template <class Tiles>
[[gnu::always_inline]] inline void for_each_tile(const RunArgs& args, int max_rows,
                                                 std::int64_t group, Tiles&& tiles) {
  const std::int64_t blocks = block_count(args.shape.m, max_rows);
  if (args.blocks.end - args.blocks.begin == 1) {
    tiles(args.panels, rows_of_block(args.shape.m, blocks, args.blocks.begin), Visit::kOnly);
    return;
  }
  for (std::int64_t first = args.panels.begin; first < args.panels.end; first += group) {
    const std::int64_t last = first + group < args.panels.end ? first + group : args.panels.end;
    for (std::int64_t block = args.blocks.begin; block < args.blocks.end; ++block) {
      tiles(Range{first, last}, rows_of_block(args.shape.m, blocks, block),
            block == args.blocks.begin ? Visit::kFirst : Visit::kAgain);
    }
  }
}

}  // namespace twofour::providers::cpu
