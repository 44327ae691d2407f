// The prefill kernel (prefill.h has the terms), from outside in:
//
//   prefill_kernel     one CTA for as many tiles as it gets: two consumer warpgroups, and a
//                      warpgroup of which four threads issue copies
//   load_weights       a thread: units of both warpgroups, chunk by chunk        bulk copies
//   load_activations   a thread: its part of the tokens, into all CTAs of the cluster   TMA boxes
//   Multiplier         a warpgroup: sums [64 rows][tokens] = W unit x A^T, one group of matrix
//                      instructions in flight while the next slots are awaited
//   store_tile         a warpgroup: sums -> epilogue -> pieces of D in shared memory
//   store_split        the same of a tile that the CTAs of a cluster have split along K
//   write_pieces       a thread for each warpgroup: pieces of D to device memory         TMA boxes
//
// Rings go on from tile to tile, so the next tile's operands arrive while this one is stored.
#pragma once

#include <cstdint>

#include "providers/cuda/sm90/prefill_epilogue.cuh"
#include "providers/cuda/sm90/prefill_multiply.cuh"
#include "providers/cuda/sm90/prefill_rings.cuh"
#include "providers/cuda/sm90/prefill_split.cuh"

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
  if constexpr (P::kSplits) {
    barrier_init(barriers.partner_done(), kPrefillUnits * 4);  // a lane of each of its warps
    for (int warpgroup = 0; warpgroup < kPrefillUnits; ++warpgroup) {
      barrier_init(barriers.sums_full(warpgroup), 1);
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
  for (int index = static_cast<int>(blockIdx.x) / P::kRanks; index < p.work; index += clusters) {
    const PrefillWork work = work_at<P>(p, index, rank);
    for (int i = 0; i < work.chunks; ++i) {
      const int chunk = work.first_chunk + i;
      barrier_wait(barriers.weights_empty(at.slot), at.parity ^ 1u);
      const std::uint32_t full = barriers.weights_full(at.slot);
      barrier_expect(full, P::kWeightSlot);
#pragma unroll
      for (int unit = 0; unit < kPrefillUnits; ++unit) {
        // Rows beyond N are those of the last tile again; nobody stores their products.
        const std::int64_t tile = min(work.row_tile * kPrefillUnits + unit, p.row_tiles - 1);
        bulk_copy(shared + PrefillLayout::kBarriers + at.slot * P::kWeightSlot + unit * P::kUnit,
                  p.io.weights + (tile * p.chunks + chunk) * P::kUnit, P::kUnit, full);
      }
      at.advance();
    }
  }
}

/// One thread, once the kernel before has written them: every k-step of every tile, tokens `rank` *
/// kTokens / kRanks and on.
template <class P>
__device__ void load_activations(const PrefillParams& p, const CUtensorMap& map,
                                 PrefillBarriers barriers, std::uint32_t shared, int rank) {
  constexpr int kPart = P::kTokens / P::kRanks;
  typename P::Activations at;
  const int clusters = static_cast<int>(gridDim.x) / P::kRanks;
  int index = static_cast<int>(blockIdx.x) / P::kRanks;
  PrefillWork work = work_at<P>(p, index, rank);
  prefetch_map(&map);
  wait_for_previous_kernel();
  while (true) {
    for (int i = 0; i < work.chunks * P::kStepsOfChunk; ++i) {
      const int k = (work.first_chunk * P::kStepsOfChunk + i) * kRowBytes;
      barrier_wait(barriers.activations_empty(at.slot), at.parity ^ 1u);
      const std::uint32_t full = barriers.activations_full(at.slot);
      barrier_expect(full, P::kActivationSlot);
      const std::uint32_t slot = shared + P::kLayout.activations + at.slot * P::kActivationSlot;
      if (P::kRanks == 1 || work.split) {
        for (int part = 0; part < P::kRanks; ++part) {
          box_copy(slot + part * kPart * kRowBytes, &map, k, work.m + part * kPart, full);
        }
      } else {
        box_multicast(slot + rank * kPart * kRowBytes, &map, k, work.m + rank * kPart, full,
                      (1u << P::kRanks) - 1u);
      }
      at.advance();
    }
    index += clusters;
    if (index >= p.work) break;
    work = work_at<P>(p, index, rank);
  }
  // The other CTAs write and arrive here until their consumers have used every slot.
  for (int i = 0; i < P::kLayout.activation_slots; ++i) {
    barrier_wait(barriers.activations_empty(at.slot), at.parity ^ 1u);
    at.advance();
  }
}

/// A consumer warpgroup: its part of every tile of this CTA.
template <class P, DataType kType>
__device__ __forceinline__ void consume_tiles(const PrefillParams& p, PrefillBarriers barriers,
                                              unsigned char* shared, int warpgroup, int rank) {
  const int thread = static_cast<int>(threadIdx.x) % 128;
  const int clusters = static_cast<int>(gridDim.x) / P::kRanks;
  Multiplier<P, kType> multiplier(p, barriers, shared, warpgroup, rank);
  PiecePosition piece;
  typename P::Acc sums[P::kTokens / 2];
  int count = 0;
  for (int index = static_cast<int>(blockIdx.x) / P::kRanks; index < p.work;
       index += clusters, ++count) {
    const TileStamps stamps(p.io.stamps, warpgroup, count);
    const PrefillWork work = work_at<P>(p, index, rank);
    TileOutput to;
    stamps.put(0);
    // What takes time and is not needed before the epilogue is loaded meanwhile.
    multiplier.tile(sums, work.chunks, work.split, stamps,
                    [&] { to = output_of(p, work, warpgroup); });
    stamps.put(2);
    // The other half is what the last tile's epilogue may still read.
    auto* scale_a = reinterpret_cast<float*>(shared + P::kLayout.scales) +
                    (count % 2 * kPrefillUnits + warpgroup) * 256;
    scale_a[thread] = to.scale_a[0];
    scale_a[thread + 128] = to.scale_a[1];
    barrier_sync(1 + warpgroup, 128);
    if constexpr (P::kSplits) {
      if (work.split) {
        store_split<P>(p, barriers, shared, warpgroup, rank, to, scale_a, piece, sums);
        stamps.put(3);
        break;  // there is none after it
      }
    }
    store_tile<P>(p, barriers, shared, warpgroup, to.m, to, scale_a, piece, sums);
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
    asm volatile("setmaxnreg.dec.sync.aligned.u32 40;");
    if (threadIdx.x % 32 == 0) {
      const int role = warp - kPrefillUnits * 4;
      if (role == 0) {
        load_weights<P>(p, barriers, base, rank);
      } else if (role == 1) {
        load_activations<P>(p, map_a, barriers, base, rank);
      } else {
        write_pieces<P>(p, map_d, barriers, base, role - 2, rank);
      }
    }
  } else {
    asm volatile("setmaxnreg.inc.sync.aligned.u32 232;");
    wait_for_previous_kernel();
    consume_tiles<P, kType>(p, barriers, shared, warp / 4, rank);
  }
}

}  // namespace twofour::providers::cuda::sm90
