// The prefill kernel (prefill.h has the terms), from outside in:
//
//   prefill_kernel     one CTA for as many tiles as it gets: two consumer warpgroups and a
//   warpgroup
//                      of which two threads issue copies
//   load_weights       a thread: units of both warpgroups, chunk by chunk        bulk copies
//   load_activations   a thread: its part of the tokens, into all CTAs of the cluster   TMA boxes
//   multiply_tile      a warpgroup: sums [64 rows][tokens] = W unit x A^T, one group of matrix
//                      instructions in flight while the next slots are awaited
//   store_tile         a warpgroup: sums -> epilogue -> pieces of D in shared memory -> TMA stores
//
// Rings go on from tile to tile, so the next tile's operands arrive while this one is stored.
#pragma once

#include <cstdint>

#include "providers/cuda/sm90/decode_epilogue.cuh"
#include "providers/cuda/sm90/layout.h"
#include "providers/cuda/sm90/prefill.h"
#include "providers/cuda/sm90/ptx.cuh"
#include "providers/cuda/sm90/wgmma.cuh"

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
};
static_assert(PrefillLayout::kMaxActivationSlots <= 8);

/// Barriers of named groups of threads (bar.sync): 1 and 2 are the warpgroups' own.
inline constexpr int kLeadBarrier = 3;

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

template <class P>
__device__ __forceinline__ void init_prefill_barriers(PrefillBarriers barriers) {
  for (int slot = 0; slot < P::kLayout.weight_slots; ++slot) {
    barrier_init(barriers.weights_full(slot), 1);
    barrier_init(barriers.weights_empty(slot), kPrefillUnits * 4);  // a lane of each warp
  }
  for (int slot = 0; slot < P::kLayout.activation_slots; ++slot) {
    barrier_init(barriers.activations_full(slot), 1);
    barrier_init(barriers.activations_empty(slot), kPrefillUnits * P::kRanks);
  }
  fence_barrier_init();
}

/// One thread. No kernel of the stream writes weights: this need not wait for the previous one.
template <class P>
__device__ void load_weights(const PrefillParams& p, PrefillBarriers barriers, std::uint32_t shared,
                             int rank) {
  typename P::Weights at;
  const int clusters = static_cast<int>(gridDim.x) / P::kRanks;
  for (int index = static_cast<int>(blockIdx.x) / P::kRanks; index < p.clusters_n * p.tiles_m;
       index += clusters) {
    const int first = (tile_at(p, index).n * P::kRanks + rank) * kPrefillUnits;
    for (int chunk = 0; chunk < p.chunks; ++chunk) {
      barrier_wait(barriers.weights_empty(at.slot), at.parity ^ 1u);
      const std::uint32_t full = barriers.weights_full(at.slot);
      barrier_expect(full, P::kWeightSlot);
#pragma unroll
      for (int unit = 0; unit < kPrefillUnits; ++unit) {
        // Rows beyond N are those of the last tile again; nobody stores their products.
        const std::int64_t tile = min(first + unit, p.row_tiles - 1);
        bulk_copy(shared + PrefillLayout::kBarriers + at.slot * P::kWeightSlot + unit * P::kUnit,
                  p.io.weights + (tile * p.chunks + chunk) * P::kUnit, P::kUnit, full);
      }
      at.advance();
    }
  }
  // The consumers have read all of it before this CTA may end.
}

/// One thread: every k-step of every tile, tokens `rank` * kTokens / kRanks and on.
template <class P>
__device__ void load_activations(const PrefillParams& p, const CUtensorMap& map,
                                 PrefillBarriers barriers, std::uint32_t shared, int rank) {
  constexpr int kPart = P::kTokens / P::kRanks;
  typename P::Activations at;
  const int clusters = static_cast<int>(gridDim.x) / P::kRanks;
  for (int index = static_cast<int>(blockIdx.x) / P::kRanks; index < p.clusters_n * p.tiles_m;
       index += clusters) {
    const int token = tile_at(p, index).m * P::kTokens + rank * kPart;
    for (int step = 0; step < p.chunks * P::kStepsOfChunk; ++step) {
      barrier_wait(barriers.activations_empty(at.slot), at.parity ^ 1u);
      const std::uint32_t full = barriers.activations_full(at.slot);
      barrier_expect(full, P::kActivationSlot);
      const std::uint32_t to =
          shared + P::kLayout.activations + at.slot * P::kActivationSlot + rank * kPart * kRowBytes;
      if constexpr (P::kRanks > 1) {
        box_multicast(to, &map, step * kRowBytes, token, full, (1u << P::kRanks) - 1u);
      } else {
        box_copy(to, &map, step * kRowBytes, token, full);
      }
      at.advance();
    }
  }
  // The other CTAs write and arrive here until their consumers have used every slot.
  for (int i = 0; i < P::kLayout.activation_slots; ++i) {
    barrier_wait(barriers.activations_empty(at.slot), at.parity ^ 1u);
    at.advance();
  }
}

/// Tells all CTAs of the cluster that this warpgroup has read the activations of `slot`.
template <class P>
__device__ __forceinline__ void free_activations(PrefillBarriers barriers, int slot, int thread) {
  if (thread < P::kRanks) {
    barrier_arrive_in_cluster(map_to_rank(barriers.activations_empty(slot), thread));
  }
}

/// sums [64 rows of this warpgroup][kTokens] = W x A^T of one tile; moves the rings on.
template <class P, DataType kType>
__device__ __forceinline__ void multiply_tile(const PrefillParams& p, PrefillBarriers barriers,
                                              const unsigned char* shared, int warpgroup, int lead,
                                              typename P::Weights& weights,
                                              typename P::Activations& activations,
                                              long long& first_ready,
                                              typename P::Acc (&sums)[P::kTokens / 2]) {
  const std::uint32_t base = shared_address(shared);
  const int thread = static_cast<int>(threadIdx.x) % 128;
  int read_activations = 0;
  int read_weights = 0;
  for (int chunk = 0; chunk < p.chunks; ++chunk) {
    barrier_wait(barriers.weights_full(weights.slot), weights.parity);
    const int unit =
        PrefillLayout::kBarriers + weights.slot * P::kWeightSlot + warpgroup * P::kUnit;
    const uint4 metadata =
        *reinterpret_cast<const uint4*>(shared + unit + kValueBytes + thread * 16);
    const std::uint32_t words[kStepsPerChunk] = {metadata.x, metadata.y, metadata.z, metadata.w};
#pragma unroll
    for (int step = 0; step < P::kStepsOfChunk; ++step) {
      barrier_wait(barriers.activations_full(activations.slot), activations.parity);
      if (chunk == 0 && step == 0) first_ready = clock64();
      const std::uint32_t a = base + unit + step * 64;
      const std::uint32_t b = base + P::kLayout.activations + activations.slot * P::kActivationSlot;
      matrix_fence();
#pragma unroll
      for (int half = 0; half < 2; ++half) {
        multiply_step<kType, Sparsity::kTwoFour, P::kTokens>(
            sums, matrix_descriptor(a + half * 32), matrix_descriptor(b + half * 64),
            words[step * 2 + half], chunk > 0 || step > 0 || half > 0 ? 1 : 0);
      }
      matrix_commit();
      matrix_wait<1>();
      // The step before this one is done.
      if (chunk > 0 || step > 0) {
        free_activations<P>(barriers, read_activations, thread);
        if (step == 0 && thread % 32 == 0) barrier_arrive(barriers.weights_empty(read_weights));
      }
      read_activations = activations.slot;
      activations.advance();
      if (step == 1 && (chunk + 1) * P::kStepsOfChunk == lead) {
        barrier_sync_arrive(kLeadBarrier, kPrefillUnits * 128);
      }
    }
    read_weights = weights.slot;
    weights.advance();
  }
  matrix_wait();
  free_activations<P>(barriers, read_activations, thread);
  if (thread % 32 == 0) barrier_arrive(barriers.weights_empty(read_weights));
}

/// Two outputs as a matrix instruction's sums lie side by side: tokens m and m + 1 of one row.
template <bool kFp16, class Acc>
__device__ __forceinline__ std::uint32_t output_pair(Acc first, Acc second, float2 scale_a,
                                                     float scale_b, float bias) {
  const float low = fmaf(scale_b, scale_a.x * static_cast<float>(first), bias);
  const float high = fmaf(scale_b, scale_a.y * static_cast<float>(second), bias);
  if constexpr (kFp16) {
    const __half2 pair = __floats2half2_rn(low, high);
    return *reinterpret_cast<const std::uint32_t*>(&pair);
  } else {
    const __nv_bfloat162 pair = __floats2bfloat162_rn(low, high);
    return *reinterpret_cast<const std::uint32_t*>(&pair);
  }
}

/// Writes a piece of D from shared memory by ordinary stores, where rows of D are not aligned for
/// the copy engine.
__device__ __forceinline__ void store_piece(const DecodeArguments& io, const unsigned char* piece,
                                            int tokens, int m, int row) {
  auto* d = static_cast<std::uint16_t*>(io.d);
  const int thread = static_cast<int>(threadIdx.x) % 128;
  const int column = thread % kUnitRows;
  for (int token = thread / kUnitRows; token < tokens; token += 128 / kUnitRows) {
    if (m + token >= io.m || row + column >= io.n) continue;
    d[std::int64_t{m + token} * io.n + row + column] = *reinterpret_cast<const std::uint16_t*>(
        piece + swizzled_offset(token, column / 8) + column % 8 * 2);
  }
}

/// Columns of one row of W that a thread's sums need.
struct RowScales {
  float scale_b[2];  ///< of rows lane / 4 and 8 below
  float bias[2];
};

__device__ __forceinline__ RowScales load_row_scales(const DecodeArguments& io, int row) {
  RowScales scales;
#pragma unroll
  for (int half = 0; half < 2; ++half) {
    const int at = row + 8 * half;
    const bool inside = at < io.n;
    scales.scale_b[half] = inside ? io.scale_b[io.scale_b_per_channel ? at : 0] : 0.0f;
    scales.bias[half] = inside ? bias_at(io.bias, at, io.fp16_output) : 0.0f;
  }
  return scales;
}

/// The epilogue of a warpgroup's part of a tile, rows `row` and on, tokens `m` and on: pieces of
/// kPieceTokens go through shared memory, where they are turned from [row][token] to [token][row].
/// `slot` is where the next piece goes.
template <class P, bool kFp16, LeftOut kLeftOut>
__device__ __forceinline__ void store_tile(const PrefillParams& p, const CUtensorMap& map,
                                           unsigned char* shared, int warpgroup, int m, int row,
                                           const RowScales& scales, int& slot,
                                           const typename P::Acc (&sums)[P::kTokens / 2]) {
  using L = PrefillLayout;
  constexpr int kPairs = P::kTokens / 16;              // of matrices of 8 tokens
  constexpr int kPairsOfPiece = L::kPieceTokens / 16;  // a TMA store each
  const int thread = static_cast<int>(threadIdx.x) % 128;
  const int lane = thread % 32;
  const bool aligned = p.io.n % 8 == 0;
  unsigned char* pieces =
      shared + P::kLayout.pieces + warpgroup * L::kPiecesInFlight * L::kPieceBytes;
  const auto* scale_a =
      reinterpret_cast<const float*>(shared + P::kLayout.scales) + warpgroup * 256 + lane % 4 * 2;
  // Where this lane's 16 bytes of the transposed matrices go.
  const int to =
      swizzled_offset(lane % 8, thread / 32 * 2 + lane / 8 % 2) + lane / 16 * 8 * kRowBytes;
#pragma unroll
  for (int first = 0; first < kPairs; first += kPairsOfPiece) {
    unsigned char* piece = pieces + slot * L::kPieceBytes;
    slot = slot + 1 == L::kPiecesInFlight ? 0 : slot + 1;
    const std::uint32_t piece_at = shared_address(piece);
    // The piece that was here two pieces before has been read.
    if (thread == 0) bulk_wait_read<L::kPiecesInFlight - 1>();
    barrier_sync(1 + warpgroup, 128);
#pragma unroll
    for (int pair = first; pair < first + kPairsOfPiece && pair < kPairs; ++pair) {
      std::uint32_t outputs[4];
#pragma unroll
      for (int i = 0; i < 4; ++i) {
        const int at = pair * 8 + i / 2 * 4 + i % 2 * 2;
        const float2 scale = *reinterpret_cast<const float2*>(scale_a + pair * 16 + i / 2 * 8);
        outputs[i] = output_pair<kFp16>(sums[at], sums[at + 1], scale, scales.scale_b[i % 2],
                                        scales.bias[i % 2]);
      }
      store_transposed(piece_at + to + (pair - first) * 16 * kRowBytes, outputs);
    }
    fence_shared_for_copies();
    barrier_sync(1 + warpgroup, 128);
    if constexpr (kLeftOut == LeftOut::kStores) continue;
    if (!aligned) {
      store_piece(p.io, piece, min(L::kPieceTokens, P::kTokens - first * 16), m + first * 16, row);
      continue;
    }
    if (thread == 0) {
#pragma unroll
      for (int pair = first; pair < first + kPairsOfPiece && pair < kPairs; ++pair) {
        if (m + pair * 16 < p.io.m) {
          box_store(&map, row, m + pair * 16, piece_at + (pair - first) * 16 * kRowBytes);
        }
      }
      bulk_commit();
    }
  }
}

/// A consumer warpgroup: its part of every tile of this CTA.
template <class P, DataType kType, LeftOut kLeftOut>
__device__ __forceinline__ void consume_tiles(const PrefillParams& p, const CUtensorMap& map_d,
                                              PrefillBarriers barriers, unsigned char* shared,
                                              int warpgroup, int rank) {
  const int thread = static_cast<int>(threadIdx.x) % 128;
  const int clusters = static_cast<int>(gridDim.x) / P::kRanks;
  typename P::Weights weights;
  typename P::Activations activations;
  typename P::Acc sums[P::kTokens / 2];
  if (p.lead > 0 && warpgroup == 1) barrier_sync(kLeadBarrier, kPrefillUnits * 128);
  int lead = warpgroup == 0 ? p.lead : 0;
  int count = 0;
  int slot = 0;
  for (int index = static_cast<int>(blockIdx.x) / P::kRanks; index < p.clusters_n * p.tiles_m;
       index += clusters, ++count) {
    long long stamps[kTileStamps];
    stamps[0] = clock64();
    const PrefillTile tile = tile_at(p, index);
    const int m = tile.m * P::kTokens;
    const int row = (tile.n * P::kRanks + rank) * kPrefillRows + warpgroup * kUnitRows;
    // Loaded now, so that nobody waits for them after the products.
    const RowScales scales = load_row_scales(p.io, row + thread / 32 * 16 + thread % 32 / 4);
    const float scale_a[2] = {row_scale(p.io, m + thread), row_scale(p.io, m + thread + 128)};
    multiply_tile<P, kType>(p, barriers, shared, warpgroup, lead, weights, activations, stamps[1],
                            sums);
    lead = 0;
    stamps[2] = clock64();
    if constexpr (kLeftOut != LeftOut::kEpilogue) {
      auto* vector = reinterpret_cast<float*>(shared + P::kLayout.scales) + warpgroup * 256;
      vector[thread] = scale_a[0];
      if (thread + 128 < P::kTokens) vector[thread + 128] = scale_a[1];
      // store_tile() begins with a barrier of the warpgroup.
      if (p.io.fp16_output) {
        store_tile<P, true, kLeftOut>(p, map_d, shared, warpgroup, m, row, scales, slot, sums);
      } else {
        store_tile<P, false, kLeftOut>(p, map_d, shared, warpgroup, m, row, scales, slot, sums);
      }
    } else {
      typename P::Acc any = 0;
#pragma unroll
      for (int i = 0; i < P::kTokens / 2; ++i) any += sums[i];
      if (static_cast<float>(any) == 12345.678f) {
        static_cast<std::uint16_t*>(p.io.d)[0] =
            static_cast<std::uint16_t>(scales.bias[0] + scale_a[0]);
      }
    }
    stamps[3] = clock64();
    if (p.io.stamps != nullptr && thread == 0 && count < kStampedTiles) {
      const std::int64_t at =
          ((std::int64_t{blockIdx.x} * kPrefillUnits + warpgroup) * kStampedTiles + count) *
          kTileStamps;
      for (int i = 0; i < kTileStamps; ++i)
        p.io.stamps[at + i] = static_cast<std::uint64_t>(stamps[i]);
    }
    // Everybody has read the scales before the next tile's are written: its first barrier is later
    // than that.
    barrier_sync(1 + warpgroup, 128);
  }
  if (thread == 0) bulk_wait();
}

template <DataType kType, int kTokens, int kRanks, LeftOut kLeftOut = LeftOut::kNothing>
__global__ void __launch_bounds__(kPrefillThreads, 1)
    prefill_kernel(const __grid_constant__ CUtensorMap map_a,
                   const __grid_constant__ CUtensorMap map_d,
                   const __grid_constant__ PrefillParams p) {
  using P = Prefill<kType, kTokens, kRanks>;
  extern __shared__ __align__(1024) unsigned char shared[];
  const std::uint32_t base = shared_address(shared);
  const PrefillBarriers barriers{base};
  const int rank = kRanks > 1 ? static_cast<int>(cluster_rank()) : 0;
  // The same for all lanes, which the compiler cannot know.
  const int warp = __shfl_sync(0xFFFFFFFFu, static_cast<int>(threadIdx.x) / 32, 0);
  launch_dependents();
  if (threadIdx.x == 0) init_prefill_barriers<P>(barriers);
  __syncthreads();
  if constexpr (kRanks > 1) {
    // No CTA sends before the barriers of all are initialised.
    cluster_arrive_relaxed();
    cluster_wait();
  }
  if (warp >= kPrefillUnits * 4) {
    asm volatile("setmaxnreg.dec.sync.aligned.u32 40;");
    if (warp == kPrefillUnits * 4 && threadIdx.x % 32 == 0) {
      load_weights<P>(p, barriers, base, rank);
    } else if (warp == kPrefillUnits * 4 + 1 && threadIdx.x % 32 == 0) {
      wait_for_previous_kernel();
      load_activations<P>(p, map_a, barriers, base, rank);
    }
  } else {
    asm volatile("setmaxnreg.inc.sync.aligned.u32 232;");
    wait_for_previous_kernel();
    consume_tiles<P, kType, kLeftOut>(p, map_d, barriers, shared, warp / 4, rank);
  }
}

}  // namespace twofour::providers::cuda::sm90
