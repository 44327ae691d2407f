// What one thread multiplies, which of the two loops it takes, and its scratch memory and prefetch
// distances.
#pragma once

#include <cstddef>
#include <cstdint>

#include "providers/cpu/amx/accumulators.h"
#include "providers/cpu/amx/panel.h"
#include "providers/cpu/amx/rasterisation.h"

namespace twofour::providers::cpu::amx {

/// Most rows with which weights stream. Measured: dense weights gain nothing from a second pass of
/// 48 rows; 2:4 weights do, because a stream expands them into the first-level cache, where blocks
/// expand them into the second.
[[gnu::always_inline]] constexpr std::int64_t max_stream_rows(Sparsity sparsity) {
  return sparsity == Sparsity::kTwoFour ? 256 : 48;
}
static_assert(max_stream_rows(Sparsity::kTwoFour) * kPanelColumns * kAccumulatorSize <=
              static_cast<std::int64_t>(kAccumulatorScratchBytes));

/// Most rows for which 2:4 was measured to be faster than dense, as long as its weights stream; in
/// blocks it is not.
inline constexpr std::int64_t kMaxGainRows = 128;

/// Share of a second-level cache of 2 MiB that a stream of several passes may fill with packed A,
/// the panel that is being multiplied and the next one.
inline constexpr std::int64_t kStreamCacheBytes = std::int64_t{15} << 17;

/// Whether weights stream past all rows (stream.h) or go in blocks (blocks.h). A stream reads all
/// of packed A for each panel, and in several passes the panel once for each pass: both must stay
/// in the second-level cache.
template <class Element, Sparsity kSparsity>
[[gnu::always_inline]] constexpr bool streams(std::int64_t m, std::int64_t k_steps) {
  const std::int64_t a_bytes = m * k_steps * kTileRowBytes;
  if (m > max_stream_rows(kSparsity) || a_bytes > kABytesInCache) return false;
  const std::int64_t panel = k_steps * kTilesPerStep *
                             static_cast<std::int64_t>(TileLayout<Element>::tile_bytes(kSparsity));
  return row_tiles(m) * kTilesPerStep <= kMaxAccumulatorTiles ||
         a_bytes + 2 * panel <= kStreamCacheBytes;
}

/// Prefetch distances of streamed weights, in packed bytes ahead of the tile that is read: from
/// memory into the second-level cache, and from there into the first.
inline constexpr std::int64_t kPrefetchBytes = 12288;
inline constexpr std::int64_t kPrefetchNearBytes = 4096;
/// Cache levels that prefetch() brings lines into.
inline constexpr int kIntoFirstLevel = 1, kIntoSecondLevel = 2;
/// k-steps between the expansion of a 2:4 tile and its tile load: a load that comes sooner finds
/// the stores still in flight and waits for them.
inline constexpr int kExpandAhead = 2;
/// k-steps whose dense tiles a stream keeps: a ring buffer.
inline constexpr int kRingSteps = 2 * kExpandAhead;

/// Scratch memory for expanded tiles: two blocks of k-steps (blocks.h), or the ring (stream.h).
inline constexpr std::size_t kDenseBytes =
    std::size_t{2} * kMaxBlockSteps * kTilesPerStep * kTileBytes;
static_assert(kRingSteps <= 2 * kMaxBlockSteps);

/// Scratch memory of one thread: dense tiles, then accumulators.
inline constexpr std::size_t kScratchBytes = kDenseBytes + kAccumulatorScratchBytes;

/// One thread's share: all `m` rows of packed A times `panel_count` consecutive packed panels of B.
struct GemmArgs {
  const std::byte* panels = nullptr;  ///< [panel_count][k_steps][kTilesPerStep][packed tile]
  std::int64_t panel_count = 0;
  std::int64_t k_steps = 0;
  const std::byte* a = nullptr;  ///< [row block][k_steps][rows of the block][64 bytes]
  std::int64_t m = 0;
  bool streams = false;          ///< which loop; A is packed in the row blocks of that loop
  std::byte* scratch = nullptr;  ///< kScratchBytes, 64-byte aligned
};

/// Prefetches `kBytes` bytes from `data` on, a cache line at a time. Not by __builtin_prefetch, of
/// which GCC 12 drops every second call in streams of dense weights past up to 16 rows.
template <std::int64_t kBytes, int kLevel>
[[gnu::always_inline]] inline void prefetch(const std::byte* data) {
  static_assert(kLevel == kIntoFirstLevel || kLevel == kIntoSecondLevel);
  for (std::int64_t byte = 0; byte < kBytes; byte += 64) {
    if constexpr (kLevel == kIntoFirstLevel) {
      asm volatile("prefetcht0 %0" : : "m"(data[byte]));
    } else {
      asm volatile("prefetcht1 %0" : : "m"(data[byte]));
    }
  }
}

}  // namespace twofour::providers::cpu::amx
