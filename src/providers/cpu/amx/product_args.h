// What one thread multiplies, and by how much work and scratch memory it does so.
#pragma once

#include <cstddef>
#include <cstdint>

#include "providers/cpu/amx/panel.h"
#include "providers/cpu/amx/sums.h"
#include "providers/cpu/amx/walk.h"

namespace twofour::providers::cpu::amx {

/// Up to so many rows weights stream past all of them. Measured: dense weights gain nothing by a
/// third pass, 2:4 weights do, because a stream expands them into the first-level cache.
[[gnu::always_inline]] constexpr std::int64_t most_stream_rows(Sparsity sparsity) {
  return sparsity == Sparsity::kTwoFour ? 256 : 64;
}
static_assert(most_stream_rows(Sparsity::kTwoFour) * kPanelColumns * kSumSize <=
              static_cast<std::int64_t>(kSumsBytes));

/// Activations, the panel in hand and the next one, of a stream in several passes.
inline constexpr std::int64_t kStreamedBytes = std::int64_t{15} << 17;

/// Whether weights stream past all rows, or go in blocks past chunks of them. A stream meets all
/// activations for each panel, and in several passes the panel again for each, so they must stay in
/// the second-level cache.
template <class Element, Sparsity kSparsity>
[[gnu::always_inline]] constexpr bool streams(std::int64_t m, std::int64_t k_steps) {
  const std::int64_t activations = m * k_steps * kTileRowBytes;
  if (m > most_stream_rows(kSparsity) || activations > kActivationBytes) return false;
  const std::int64_t panel =
      k_steps * kStepTiles * static_cast<std::int64_t>(TileLayout<Element>::tile_bytes(kSparsity));
  return row_tiles(m) * kStepTiles <= kMostSums || activations + 2 * panel <= kStreamedBytes;
}

/// How far ahead of the reading position streamed weights are asked for into the second-level
/// cache, and from there into the first.
inline constexpr std::int64_t kPrefetchBytes = 12288;
inline constexpr std::int64_t kNearBytes = 4096;
/// How near they come, as __builtin_prefetch has it.
inline constexpr int kIntoFirstLevel = 3, kIntoSecondLevel = 2;
/// Steps between expanding a tile and loading it: a tile load must not wait for a store in flight.
inline constexpr int kExpandAhead = 2;
inline constexpr int kRingSteps = 2 * kExpandAhead;

/// Bytes of dense tiles that one thread expands: two blocks, or the ring.
inline constexpr std::size_t kDenseBytes =
    std::size_t{2} * kMaxBlockSteps * kStepTiles * kTileBytes;
static_assert(kRingSteps <= 2 * kMaxBlockSteps);

/// Bytes of 64-byte aligned scratch memory that one thread needs: dense tiles, then sums.
inline constexpr std::size_t kScratchBytes = kDenseBytes + kSumsBytes;

/// What one thread multiplies: `panel_count` consecutive packed panels with all rows of A.
struct ProductArgs {
  const std::byte* panels = nullptr;
  std::int64_t panel_count = 0;
  std::int64_t k_steps = 0;      ///< of a panel
  const std::byte* a = nullptr;  ///< m rows as pack_rows makes them
  std::int64_t m = 0;
  bool streams = false;          ///< and not in blocks; rows are packed for that
  std::byte* scratch = nullptr;  ///< kScratchBytes, 64-byte aligned
};

/// Asks for `kBytes` bytes from `at` on.
template <std::int64_t kBytes, int kLevel>
[[gnu::always_inline]] inline void prefetch(const std::byte* at) {
  for (std::int64_t byte = 0; byte < kBytes; byte += 64) __builtin_prefetch(at + byte, 0, kLevel);
}

}  // namespace twofour::providers::cpu::amx
