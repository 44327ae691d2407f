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
  static constexpr bool kSplits = can_split(kTokensOfTile, kRanksOfCluster);
  static_assert(kUnit <= unit_bytes(DataType::kInt8, Sparsity::kTwoFour) &&
                kLayout.activation_slots >= 2);
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
  /// The other CTA has used all of its operands, so sums may be written over them.
  __device__ __forceinline__ std::uint32_t partner_done() const { return base + 512; }
  /// Its sums for `warpgroup` are here.
  __device__ __forceinline__ std::uint32_t sums_full(int warpgroup) const {
    return base + 520 + 8 * warpgroup;
  }
};
static_assert(PrefillLayout::kMaxActivationSlots <= 8);

/// Writes the stamps of a warpgroup's tile, of which it has `count` behind it.
class TileStamps {
 public:
  __device__ TileStamps(std::uint64_t* stamps, int warpgroup, int count) {
    if (stamps == nullptr || threadIdx.x % 128 != 0 || count >= kStampedTiles) return;
    to_ =
        stamps + ((std::int64_t{blockIdx.x} * kPrefillUnits + warpgroup) * kStampedTiles + count) *
                     kTileStamps;
  }
  __device__ __forceinline__ void put(int which) const {
    if (to_ != nullptr) to_[which] = static_cast<std::uint64_t>(clock64());
  }

 private:
  std::uint64_t* to_ = nullptr;
};

/// What a CTA does next: 128 rows of W by kTokens tokens, all of K or a part of it.
struct PrefillWork {
  int m;         ///< first token
  int row_tile;  ///< in tiles of kPrefillRows rows of W
  int first_chunk;
  int chunks;
  bool split;  ///< whether the CTAs of the cluster have the same tile, and a part of K each
};

/// Work `index` of the cluster, of p.work, for its CTA `rank`: first whole tiles in the order of
/// PrefillConfig::group, then, where the launch splits them, halves of what is left.
template <class P>
__device__ __forceinline__ PrefillWork work_at(const PrefillParams& p, int index, int rank) {
  PrefillWork work{.first_chunk = 0, .chunks = p.chunks, .split = false};
  int beside = rank;
  if (P::kSplits && index >= p.whole_tiles) {
    const int unit = index - p.whole_tiles;
    index = p.whole_tiles + unit / P::kRanks;
    beside = unit % P::kRanks;
    const int cut = (p.chunks + 1) / 2;
    work.first_chunk = rank * cut;
    work.chunks = rank == 0 ? cut : p.chunks - cut;
    work.split = true;
  }
  const int of_group = p.group * p.clusters_n;
  const int first = index / of_group * p.group;
  const int width = min(p.group, p.tiles_m - first);
  const int inside = index % of_group;
  work.m = (first + inside % width) * P::kTokens;
  work.row_tile = inside / width * P::kRanks + beside;
  return work;
}

}  // namespace twofour::providers::cuda::sm90
