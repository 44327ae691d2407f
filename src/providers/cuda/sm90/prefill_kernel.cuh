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
#include <type_traits>
#include <utility>

#include "providers/cuda/sm90/prefill_epilogue.cuh"
#include "providers/cuda/sm90/prefill_multiply.cuh"
#include "providers/cuda/sm90/prefill_rings.cuh"

namespace twofour::providers::cuda::sm90 {

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

/// Calls f(std::integral_constant<int, i>) for i from 0 to kCount - 1.
template <int kCount, class F>
__device__ __forceinline__ void unrolled(F f) {
  [&]<int... i>(std::integer_sequence<int, i...>) {
    (f(std::integral_constant<int, i>()), ...);
  }(std::make_integer_sequence<int, kCount>());
}

/// A consumer warpgroup: its part of every tile of this CTA.
template <class P, DataType kType>
__device__ __forceinline__ void consume_tiles(const PrefillParams& p, PrefillBarriers barriers,
                                              unsigned char* shared, int warpgroup, int rank) {
  using E = Epilogue<P>;
  const int thread = static_cast<int>(threadIdx.x) % 128;
  const int clusters = static_cast<int>(gridDim.x) / P::kRanks;
  const int tiles = p.clusters_n * p.tiles_m;
  const bool boxes = writes_boxes(p.io);
  Multiplier<P, kType> multiplier(p, barriers, shared, warpgroup);
  E epilogue(p, barriers, shared, warpgroup);
  typename P::Acc sums[P::kTokens / 2];
  typename E::Outputs outputs;
  bool waiting = false;  // outputs of the tile before, to be stored while this one is multiplied
  int count = 0;
  for (int index = static_cast<int>(blockIdx.x) / P::kRanks; index < tiles;
       index += clusters, ++count) {
    TileStamps stamps(p.io.stamps, warpgroup, count);
    int m = 0;
    int row = 0;
    RowScales scales;
    float scale_a[2];
    stamps.put(0);
    multiplier.tile(sums, stamps, [&](int chunk, auto odd) {
      if (!odd && chunk == 0) {
        // What takes time and is not needed before the epilogue.
        const PrefillTile tile = tile_at(p, index);
        m = tile.m * P::kTokens;
        row = (tile.n * P::kRanks + rank) * kPrefillRows + warpgroup * kUnitRows;
        scales = load_row_scales(p.io, row + thread / 32 * 16 + thread % 32 / 4);
        scale_a[0] = row_scale(p.io, m + thread);
        scale_a[1] = row_scale(p.io, m + thread + 128);
      }
      if (!waiting) return;
      unrolled<E::kPieces>([&](auto i) {
        if constexpr (i % 2 == (odd ? 1 : 0)) {
          if (chunk == i) epilogue.template pass_on<i>(outputs);
        }
      });
    });
    if (waiting) {
      unrolled<E::kPieces>([&](auto i) {
        if (p.chunks <= i) epilogue.template pass_on<i>(outputs);
      });
    }
    stamps.put(2);
    // The other half is what the last tile's epilogue may still read.
    auto* vector = reinterpret_cast<float*>(shared + P::kLayout.scales) +
                   (count % 2 * kPrefillUnits + warpgroup) * 256;
    vector[thread] = scale_a[0];
    vector[thread + 128] = scale_a[1];
    barrier_sync(1 + warpgroup, 128);
    waiting = boxes && index + clusters < tiles;
    unrolled<E::kPieces>([&](auto i) {
      epilogue.template convert<i>(sums, scales, vector, outputs);
      if (waiting) return;
      if (boxes) {
        epilogue.template pass_on<i>(outputs);
      } else {
        epilogue.template store<i>(outputs, m, row);
      }
    });
    stamps.put(3);
  }
}

template <DataType kType, int kTokens, int kRanks>
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
    asm volatile("setmaxnreg.dec.sync.aligned.u32 24;");
    if (threadIdx.x % 32 == 0) {
      const int role = warp - kPrefillUnits * 4;
      if (role == 0) {
        load_weights<P>(p, barriers, base, rank);
      } else if (role == 1) {
        prefetch_map(&map_a);
        wait_for_previous_kernel();
        load_activations<P>(p, map_a, barriers, base, rank);
      } else {
        prefetch_map(&map_d);
        write_pieces<P>(p, map_d, barriers, base, role - 2, rank);
      }
    }
  } else {
    asm volatile("setmaxnreg.inc.sync.aligned.u32 240;");
    wait_for_previous_kernel();
    consume_tiles<P, kType>(p, barriers, shared, warp / 4, rank);
  }
}

}  // namespace twofour::providers::cuda::sm90
