// The rings of a prefill kernel and the order of its tiles.
#pragma once

#include <cstdint>

#include "providers/cuda/sm90/accumulator.cuh"
#include "providers/cuda/sm90/layout.h"
#include "providers/cuda/sm90/prefill.h"
#include "providers/cuda/sm90/ptx.cuh"

namespace twofour::providers::cuda::sm90 {

/// A ring's slot, and the parity of the phase that its full barrier completes next. A producer
/// waits for the other parity of the empty barrier: the first round finds every slot empty.
template <int kSlots>
struct RingPosition {
  int slot = 0;
  std::uint32_t parity = 0;
  __device__ __forceinline__ void advance() {
    if (++slot == kSlots) {
      slot = 0;
      parity ^= 1u;
    }
  }
};

/// What the parts of a kernel know at compile time.
template <DataType kType, int kTokensOfTile, int kRanksOfCluster>
struct Prefill {
  static constexpr int kTokens = kTokensOfTile;
  static constexpr int kRanks = kRanksOfCluster;
  static constexpr PrefillLayout kLayout = prefill_layout(kTokens);
  static constexpr int kUnit = unit_bytes(kType, Sparsity::kTwoFour);
  static constexpr int kWeightSlot = kPrefillUnits * kUnit;
  static constexpr int kActivationSlot = kTokens * kRowBytes;
  static constexpr int kStepsOfChunk = 2;  // an activation slot each
  static_assert(value_bytes(kType) == 1 && kLayout.activation_slots >= 2);
  using Acc = Accumulator<kType>;
  using Weights = RingPosition<kLayout.weight_slots>;
  using Activations = RingPosition<kLayout.activation_slots>;
};

struct PrefillBarriers {
  std::uint32_t base;
  __device__ __forceinline__ std::uint32_t weights_full(int slot) const { return base + 8 * slot; }
  __device__ __forceinline__ std::uint32_t weights_empty(int slot) const {
    return base + 64 + 8 * slot;
  }
  __device__ __forceinline__ std::uint32_t activations_full(int slot) const {
    return base + 128 + 8 * slot;
  }
  __device__ __forceinline__ std::uint32_t activations_empty(int slot) const {
    return base + 192 + 8 * slot;
  }
  __device__ __forceinline__ std::uint32_t piece_full(int warpgroup, int slot) const {
    return base + 256 + 8 * (warpgroup * PrefillLayout::kPieceSlots + slot);
  }
  __device__ __forceinline__ std::uint32_t piece_empty(int warpgroup, int slot) const {
    return base + 384 + 8 * (warpgroup * PrefillLayout::kPieceSlots + slot);
  }
};
static_assert(PrefillLayout::kMaxActivationSlots <= 8);

/// Writes the stamps of a warpgroup's tile, of which it has `count` behind it.
class TileStamps {
 public:
  __device__ TileStamps(std::uint64_t* stamps, int warpgroup, int count) {
    if (stamps == nullptr || threadIdx.x % 128 != 0 || count >= kStampedTiles) return;
    to_ = stamps +
          ((std::int64_t{blockIdx.x} * kPrefillUnits + warpgroup) * kStampedTiles + count) *
              kTileStamps;
  }
  __device__ __forceinline__ void put(int which) const {
    if (to_ != nullptr) to_[which] = static_cast<std::uint64_t>(clock64());
  }

 private:
  std::uint64_t* to_ = nullptr;
};

/// A tile of the cluster.
struct PrefillTile {
  int n;  ///< in tiles of ranks * kPrefillRows rows of W
  int m;  ///< in tiles of kTokens
};

/// Tile `index` in the order of PrefillConfig::group.
__device__ __forceinline__ PrefillTile tile_at(const PrefillParams& p, int index) {
  const int of_group = p.group * p.clusters_n;
  const int first = index / of_group * p.group;
  const int width = min(p.group, p.tiles_m - first);
  const int inside = index % of_group;
  return {inside / width, first + inside % width};
}

}  // namespace twofour::providers::cuda::sm90
