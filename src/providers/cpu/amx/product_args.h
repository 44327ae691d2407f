// What one thread multiplies, and by how much work and scratch memory it does so.
#pragma once

#include <cstddef>
#include <cstdint>

#include "providers/cpu/amx/panel.h"
#include "providers/cpu/amx/walk.h"

namespace twofour::providers::cpu::amx {

/// The sums of so many rows and 16 columns fit into tile registers.
inline constexpr std::int64_t kPassRows = std::int64_t{4} * kTileRows;
/// Where passes of kPassRows end and blocks begin, for 2:4; for dense kPassRows is. Each pass
/// expands the weights again.
inline constexpr std::int64_t kMostPassRows = 2 * kPassRows;
static_assert(kMostPassRows * kPanelColumns * kSumSize <= static_cast<std::int64_t>(kSumsBytes));

/// How far ahead of the reading position streamed weights are asked for.
inline constexpr std::int64_t kPrefetchBytes = 8192;
/// How near they come, as __builtin_prefetch has it.
inline constexpr int kIntoFirstLevel = 3, kIntoSecondLevel = 2;
/// Steps between expanding a tile and loading it: a tile load must not wait for a store in flight.
inline constexpr int kExpandAhead = 2;
inline constexpr int kRingSteps = 2 * kExpandAhead;

/// Bytes of dense tiles that one thread expands: two blocks, or the ring.
inline constexpr std::size_t kDenseBytes =
    std::size_t{2} * kMaxBlockSteps * kRunsPerPanel * kTileBytes;
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
  std::byte* scratch = nullptr;  ///< kScratchBytes, 64-byte aligned
};

}  // namespace twofour::providers::cpu::amx
