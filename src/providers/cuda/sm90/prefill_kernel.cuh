// The prefill kernel (prefill.h has the terms), from outside in:
//
//   prefill_kernel     one CTA for as many tiles as it gets: two consumer warpgroups and a
//   warpgroup
//                      of which two threads issue copies
//   load_weights       a thread: units of both warpgroups, chunk by chunk        bulk copies
//   load_activations   a thread: its part of the tokens, into all CTAs of the cluster   TMA boxes
//   Multiplier         a warpgroup: sums [64 rows][tokens] = W unit x A^T, one group of matrix
//                      instructions in flight while the next slots are awaited
//   store_tile         a warpgroup: sums -> epilogue -> pieces of D in shared memory
//   write_pieces       a thread for each warpgroup: pieces of D to device memory         TMA boxes
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
  __device__ __forceinline__ std::uint32_t piece_full(int warpgroup, int slot) const {
    return base + 256 + 8 * (warpgroup * PrefillLayout::kPieceSlots + slot);
  }
  __device__ __forceinline__ std::uint32_t piece_empty(int warpgroup, int slot) const {
    return base + 384 + 8 * (warpgroup * PrefillLayout::kPieceSlots + slot);
  }
};
static_assert(PrefillLayout::kMaxActivationSlots <= 8);

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
  for (int warpgroup = 0; warpgroup < kPrefillUnits; ++warpgroup) {
    for (int slot = 0; slot < PrefillLayout::kPieceSlots; ++slot) {
      barrier_init(barriers.piece_full(warpgroup, slot), 4);  // a lane of each warp
      barrier_init(barriers.piece_empty(warpgroup, slot), 1);
    }
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

/// Keeps the registers of `words` as they are up to here. Matrix instructions read their metadata
/// some time after they are issued, and ptxas, which does not know it, would put other values
/// there: so something has to read it after they are done. `never` is false, which ptxas cannot
/// know.
__device__ __forceinline__ void keep_metadata(const uint4& words, std::uint32_t scratch,
                                              bool never) {
  asm volatile(
      "{\n"
      ".reg .pred never;\n"
      "setp.ne.b32 never, %0, 0;\n"
      "@never st.shared.v4.b32 [%1], {%2, %3, %4, %5};\n"
      "}\n" ::"r"(static_cast<int>(never)),
      "r"(scratch), "r"(words.x), "r"(words.y), "r"(words.z), "r"(words.w)
      : "memory");
}

/// A consumer warpgroup's way through the rings.
template <class P, DataType kType>
class Multiplier {
 public:
  __device__ Multiplier(const PrefillParams& p, PrefillBarriers barriers,
                        const unsigned char* shared, int warpgroup)
      : p_(p),
        barriers_(barriers),
        shared_(shared),
        base_(shared_address(shared)),
        warpgroup_(warpgroup),
        thread_(static_cast<int>(threadIdx.x) % 128) {}

  /// sums [64 rows of this warpgroup][kTokens] = W x A^T of one tile. Calls `meanwhile` while the
  /// first products are under way. Returns the clock when the first operands are there.
  template <class Meanwhile>
  __device__ __forceinline__ long long tile(typename P::Acc (&sums)[P::kTokens / 2],
                                            Meanwhile meanwhile) {
    long long ready = 0;
    uint4 even{};
    uint4 odd{};
    // With a part of the loop outside of it, ptxas moves metadata between registers and serialises
    // the products (C7513).
    for (int c = 0; c < p_.chunks; c += 2) {
      chunk(c, even, odd, ready, sums);
      if (c == 0) meanwhile();
      if (c + 1 < p_.chunks) chunk(c + 1, odd, even, ready, sums);
    }
    matrix_wait();
    free_activations<P>(barriers_, read_activations_, thread_);
    if (thread_ % 32 == 0) barrier_arrive(barriers_.weights_empty(read_weights_));
    keep_metadata(even, base_, p_.chunks < 0);
    keep_metadata(odd, base_, p_.chunks < 0);
    return ready;
  }

 private:
  /// Issues the products of one chunk, whose metadata it loads into `words`, and waits for all but
  /// its last step; so the products of the chunk before, whose metadata is `previous`, are done.
  __device__ __forceinline__ void chunk(int c, uint4& words, const uint4& previous,
                                        long long& ready, typename P::Acc (&sums)[P::kTokens / 2]) {
    barrier_wait(barriers_.weights_full(weights_.slot), weights_.parity);
    const int unit =
        PrefillLayout::kBarriers + weights_.slot * P::kWeightSlot + warpgroup_ * P::kUnit;
    words = *reinterpret_cast<const uint4*>(shared_ + unit + kValueBytes + thread_ * 16);
    const std::uint32_t metadata[kStepsPerChunk] = {words.x, words.y, words.z, words.w};
#pragma unroll
    for (int step = 0; step < P::kStepsOfChunk; ++step) {
      barrier_wait(barriers_.activations_full(activations_.slot), activations_.parity);
      if (c == 0 && step == 0) ready = clock64();
      const std::uint32_t a = base_ + unit + step * 64;
      const std::uint32_t b =
          base_ + P::kLayout.activations + activations_.slot * P::kActivationSlot;
      matrix_fence();
#pragma unroll
      for (int half = 0; half < 2; ++half) {
        multiply_step<kType, Sparsity::kTwoFour, P::kTokens>(
            sums, matrix_descriptor(a + half * 32), matrix_descriptor(b + half * 64),
            metadata[step * 2 + half], c > 0 || step > 0 || half > 0 ? 1 : 0);
      }
      matrix_commit();
      matrix_wait<1>();
      // The step before this one is done.
      if (step == 0) keep_metadata(previous, base_, p_.chunks < 0);
      if (c > 0 || step > 0) {
        free_activations<P>(barriers_, read_activations_, thread_);
        if (step == 0 && thread_ % 32 == 0) barrier_arrive(barriers_.weights_empty(read_weights_));
      }
      read_activations_ = activations_.slot;
      activations_.advance();
    }
    read_weights_ = weights_.slot;
    weights_.advance();
  }

  const PrefillParams& p_;
  PrefillBarriers barriers_;
  const unsigned char* shared_;
  std::uint32_t base_;
  int warpgroup_;
  int thread_;
  typename P::Weights weights_;
  typename P::Activations activations_;
  int read_activations_ = 0;  ///< slot of the last step whose products may be unfinished
  int read_weights_ = 0;
};

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

/// What a thread's sums are scaled by and added to along W: rows lane / 4 and 8 below.
struct RowScales {
  float scale_b[2] = {};
  float bias[2] = {};
};

__device__ __forceinline__ RowScales load_row_scales(const DecodeArguments& io, int row) {
  RowScales scales;
#pragma unroll
  for (int half = 0; half < 2; ++half) {
    const int at = row + 8 * half;
    if (at >= io.n) continue;
    scales.scale_b[half] = io.scale_b[io.scale_b_per_channel ? at : 0];
    scales.bias[half] = bias_at(io.bias, at, io.fp16_output);
  }
  return scales;
}

/// Where a consumer warpgroup, and the thread that writes its pieces, are among its slots.
using PiecePosition = RingPosition<PrefillLayout::kPieceSlots>;

/// Whether rows of D are aligned for the copy engine.
__device__ __forceinline__ bool writes_boxes(const DecodeArguments& io) { return io.n % 8 == 0; }

/// The epilogue of a warpgroup's part of a tile, rows `row` and on, tokens `m` and on: pieces of
/// kPieceTokens go through shared memory, where they are turned from [row][token] to [token][row].
/// `scale_a` is in shared memory, [kTokens].
template <class P, bool kFp16>
__device__ __forceinline__ void store_tile(const PrefillParams& p, PrefillBarriers barriers,
                                           unsigned char* shared, int warpgroup, int m, int row,
                                           const RowScales& scales, const float* scale_a,
                                           PiecePosition& at,
                                           const typename P::Acc (&sums)[P::kTokens / 2]) {
  using L = PrefillLayout;
  constexpr int kGroups = P::kTokens / 8;  // of 8 tokens, a matrix each for 8 rows
  constexpr int kGroupsOfPiece = L::kPieceTokens / 8;
  const int thread = static_cast<int>(threadIdx.x) % 128;
  const int lane = thread % 32;
  const bool boxes = writes_boxes(p.io);
  // Where this lane's 16 bytes of the transposed matrices go.
  const int to =
      swizzled_offset(lane % 8, thread / 32 * 2 + lane / 8 % 2) + lane / 16 * 8 * kRowBytes;
  const auto scale_of = [&](int group) {
    return *reinterpret_cast<const float2*>(scale_a + group * 8 + lane % 4 * 2);
  };
  float2 next[kGroupsOfPiece];
#pragma unroll
  for (int i = 0; i < kGroupsOfPiece; ++i) next[i] = scale_of(i);
#pragma unroll
  for (int first = 0; first < kGroups; first += kGroupsOfPiece) {
    constexpr int kPair = 2;  // groups that one instruction stores
    std::uint32_t outputs[kGroupsOfPiece / kPair][4];
#pragma unroll
    for (int i = 0; i < kGroupsOfPiece; ++i) {
      if (first + i >= kGroups) break;
      const float2 scale = next[i];
#pragma unroll
      for (int half = 0; half < 2; ++half) {
        const int sum = (first + i) * 4 + half * 2;
        outputs[i / kPair][i % kPair * 2 + half] = output_pair<kFp16>(
            sums[sum], sums[sum + 1], scale, scales.scale_b[half], scales.bias[half]);
      }
      // Loaded ahead of the stores below, which loads may not pass.
      if (first + kGroupsOfPiece + i < kGroups) next[i] = scale_of(first + kGroupsOfPiece + i);
    }
    unsigned char* piece =
        shared + P::kLayout.pieces + (warpgroup * L::kPieceSlots + at.slot) * L::kPieceBytes;
    if (boxes) barrier_wait(barriers.piece_empty(warpgroup, at.slot), at.parity ^ 1u);
#pragma unroll
    for (int i = 0; i < kGroupsOfPiece; i += kPair) {
      if (first + i >= kGroups) break;
      store_transposed(shared_address(piece) + to + i * 8 * kRowBytes, outputs[i / kPair]);
    }
    if (boxes) {
      fence_shared_for_copies();
      __syncwarp();
      if (lane == 0) barrier_arrive(barriers.piece_full(warpgroup, at.slot));
    } else {
      barrier_sync(1 + warpgroup, 128);
      store_piece(p.io, piece, min(L::kPieceTokens, P::kTokens - first * 8), m + first * 8, row);
      barrier_sync(1 + warpgroup, 128);
    }
    at.advance();
  }
}

/// One thread: writes the pieces of `warpgroup` to D.
template <class P, LeftOut kLeftOut>
__device__ void write_pieces(const PrefillParams& p, const CUtensorMap& map,
                             PrefillBarriers barriers, std::uint32_t shared, int warpgroup,
                             int rank) {
  using L = PrefillLayout;
  if (kLeftOut == LeftOut::kEpilogue || !writes_boxes(p.io)) return;
  PiecePosition at;
  int before = -1;  // slot of the piece before
  const int clusters = static_cast<int>(gridDim.x) / P::kRanks;
  for (int index = static_cast<int>(blockIdx.x) / P::kRanks; index < p.clusters_n * p.tiles_m;
       index += clusters) {
    const PrefillTile tile = tile_at(p, index);
    const int m = tile.m * P::kTokens;
    const int row = (tile.n * P::kRanks + rank) * kPrefillRows + warpgroup * kUnitRows;
    for (int first = 0; first < P::kTokens; first += L::kPieceTokens) {
      const std::uint32_t piece =
          shared + P::kLayout.pieces + (warpgroup * L::kPieceSlots + at.slot) * L::kPieceBytes;
      barrier_wait(barriers.piece_full(warpgroup, at.slot), at.parity);
      for (int token = first; token < min(first + L::kPieceTokens, P::kTokens);
           token += kStoredTokens) {
        if (kLeftOut == LeftOut::kNothing && m + token < p.io.m) {
          box_store(&map, row, m + token, piece + (token - first) * kRowBytes);
        }
      }
      bulk_commit();
      bulk_wait_read<1>();
      if (before >= 0) barrier_arrive(barriers.piece_empty(warpgroup, before));
      before = at.slot;
      at.advance();
    }
  }
  bulk_wait();
}

/// Uses sums that nobody stores, so that the compiler keeps their products.
template <class P>
__device__ __forceinline__ void drop_tile(const PrefillParams& p,
                                          const typename P::Acc (&sums)[P::kTokens / 2]) {
  typename P::Acc any = 0;
#pragma unroll
  for (int i = 0; i < P::kTokens / 2; ++i) any += sums[i];
  if (p.chunks < 0) static_cast<typename P::Acc*>(p.io.d)[0] = any;
}

/// A consumer warpgroup: its part of every tile of this CTA.
template <class P, DataType kType, LeftOut kLeftOut>
__device__ __forceinline__ void consume_tiles(const PrefillParams& p, PrefillBarriers barriers,
                                              unsigned char* shared, int warpgroup, int rank) {
  const int thread = static_cast<int>(threadIdx.x) % 128;
  const int clusters = static_cast<int>(gridDim.x) / P::kRanks;
  Multiplier<P, kType> multiplier(p, barriers, shared, warpgroup);
  PiecePosition piece;
  typename P::Acc sums[P::kTokens / 2];
  int count = 0;
  for (int index = static_cast<int>(blockIdx.x) / P::kRanks; index < p.clusters_n * p.tiles_m;
       index += clusters, ++count) {
    long long stamps[kTileStamps];
    stamps[0] = clock64();
    int m = 0;
    int row = 0;
    RowScales scales;
    float scale_a[2];
    // What takes time and is not needed before the epilogue.
    stamps[1] = multiplier.tile(sums, [&] {
      const PrefillTile tile = tile_at(p, index);
      m = tile.m * P::kTokens;
      row = (tile.n * P::kRanks + rank) * kPrefillRows + warpgroup * kUnitRows;
      scales = load_row_scales(p.io, row + thread / 32 * 16 + thread % 32 / 4);
      scale_a[0] = row_scale(p.io, m + thread);
      scale_a[1] = row_scale(p.io, m + thread + 128);
    });
    stamps[2] = clock64();
    if constexpr (kLeftOut == LeftOut::kEpilogue) {
      drop_tile<P>(p, sums);
    } else {
      // The other half is what the last tile's epilogue may still read.
      auto* vector = reinterpret_cast<float*>(shared + P::kLayout.scales) +
                     (count % 2 * kPrefillUnits + warpgroup) * 256;
      vector[thread] = scale_a[0];
      vector[thread + 128] = scale_a[1];
      barrier_sync(1 + warpgroup, 128);
      if (p.io.fp16_output) {
        store_tile<P, true>(p, barriers, shared, warpgroup, m, row, scales, vector, piece, sums);
      } else {
        store_tile<P, false>(p, barriers, shared, warpgroup, m, row, scales, vector, piece, sums);
      }
    }
    stamps[3] = clock64();
    if (p.io.stamps != nullptr && thread == 0 && count < kStampedTiles) {
      const std::int64_t at =
          ((std::int64_t{blockIdx.x} * kPrefillUnits + warpgroup) * kStampedTiles + count) *
          kTileStamps;
      for (int i = 0; i < kTileStamps; ++i) {
        p.io.stamps[at + i] = static_cast<std::uint64_t>(stamps[i]);
      }
    }
  }
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
    if (threadIdx.x % 32 == 0) {
      const int role = warp - kPrefillUnits * 4;
      if (role == 0) {
        load_weights<P>(p, barriers, base, rank);
      } else if (role == 1) {
        wait_for_previous_kernel();
        load_activations<P>(p, map_a, barriers, base, rank);
      } else {
        write_pieces<P, kLeftOut>(p, map_d, barriers, base, role - 2, rank);
      }
    }
  } else {
    asm volatile("setmaxnreg.inc.sync.aligned.u32 232;");
    wait_for_previous_kernel();
    consume_tiles<P, kType, kLeftOut>(p, barriers, shared, warp / 4, rank);
  }
}

}  // namespace twofour::providers::cuda::sm90
