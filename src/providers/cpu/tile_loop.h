// The rasterisation of one thread's share, row blocks times panels, and helpers for unrolling:
// shared by the vectorised kernels. Always inlined into files compiled for one instruction set (see
// kernel.h).
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

/// Goes before a loop of constant bounds over arrays of vectors that must live in registers.
/// Compiles much faster than unrolled(). A sanitizer adds a check to each access, and compiling the
/// checks of unrolled code takes minutes for each file; with a sanitizer loops therefore stay
/// loops.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define TWOFOUR_UNROLL
#else
#define TWOFOUR_UNROLL _Pragma("GCC unroll 64")
#endif

/// Bytes of packed B that a thread keeps in its L2 cache while it goes through all row blocks. L2
/// has 1 MiB and more on processors with AVX-512; packed A takes the rest.
inline constexpr std::int64_t kResidentBytes = 512 * 1024;

/// Panels of a group that stays in L2, when each takes `bytes` there.
[[gnu::always_inline]] constexpr std::int64_t resident_panels(std::int64_t bytes) {
  return kResidentBytes < bytes ? 1 : kResidentBytes / bytes;
}

/// Whether a thread reads these panels for the only time in this launch, for the first time (from
/// memory), or again (from L2).
enum class Visit : std::uint8_t { kOnly, kFirst, kAgain };

/// Calls tiles(panels, rows, visit) with each group of at most `group` panels, and for each group
/// with each row block. The group stays in L2 meanwhile, and so does the row block while the
/// group's panels are multiplied with it. With a single row block no weights are read twice, and
/// all panels are one group.
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
