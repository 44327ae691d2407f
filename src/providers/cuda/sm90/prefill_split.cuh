// The end of a tile that a cluster of two CTAs has split along K: each CTA gets the other's sums of
// half of the tokens, and stores these.
#pragma once

#include <cstdint>

#include "providers/cuda/sm90/prefill_epilogue.cuh"
#include "providers/cuda/sm90/prefill_rings.cuh"

namespace twofour::providers::cuda::sm90 {

template <class T>
__device__ __forceinline__ void swap_if(bool wanted, T& x, T& y) {
  const T first = wanted ? y : x;
  y = wanted ? x : y;
  x = first;
}

/// Adds to the first half of `sums` of this warpgroup what the same warpgroup of the other CTA has
/// for these rows and tokens, and sends it the second half. Goes through the ring of activations,
/// which nothing is loaded into any more, once both warpgroups of the receiver are done with it.
template <class P>
__device__ __forceinline__ void exchange_sums(PrefillBarriers barriers, unsigned char* shared,
                                              int warpgroup, int rank,
                                              typename P::Acc (&sums)[P::kTokens / 2]) {
  using Acc = typename P::Acc;
  struct alignas(16) Vector {
    Acc v[4];
  };
  constexpr int kVectors = P::kTokens / 16;
  constexpr int kKept = kVectors * 4;
  static_assert(kPrefillUnits * kVectors * 128 * 16 <=
                P::kLayout.activation_slots * P::kActivationSlot);
  const int thread = static_cast<int>(threadIdx.x) % 128;
  if (thread == 0) barrier_expect(barriers.sums_full(warpgroup), kVectors * 128 * 16);
  const auto partner = static_cast<std::uint32_t>(rank ^ 1);
  __syncwarp();
  if (thread % 32 == 0) {
    barrier_arrive_in_cluster(map_to_rank(barriers.partner_done(), partner));
  }
  const int at = P::kLayout.activations + (warpgroup * kVectors * 128 + thread) * 16;
  const std::uint32_t to = map_to_rank(shared_address(shared) + at, partner);
  const std::uint32_t full = map_to_rank(barriers.sums_full(warpgroup), partner);
  barrier_wait(barriers.partner_done(), 0);
#pragma unroll
  for (int i = 0; i < kVectors; ++i) {
    const Acc* sent = &sums[kKept + i * 4];
    send_in_cluster(to + i * 128 * 16, Vector{sent[0], sent[1], sent[2], sent[3]}, full);
  }
  barrier_wait(barriers.sums_full(warpgroup), 0);
#pragma unroll
  for (int i = 0; i < kVectors; ++i) {
    const auto got = *reinterpret_cast<const Vector*>(shared + at + i * 128 * 16);
#pragma unroll
    for (int j = 0; j < 4; ++j) sums[i * 4 + j] += got.v[j];
  }
}

/// The epilogue of a split tile: CTA `rank` stores the tokens rank * kTokens / 2 and on. A sum of
/// two numbers has no order, so both CTAs give the same bits in each launch.
template <class P>
__device__ __forceinline__ void store_split(const PrefillParams& p, PrefillBarriers barriers,
                                            unsigned char* shared, int warpgroup, int rank,
                                            const TileOutput& to, const float* scale_a,
                                            PiecePosition& piece,
                                            typename P::Acc (&sums)[P::kTokens / 2]) {
  constexpr int kHalf = P::kTokens / 2;  // tokens
#pragma unroll
  for (int i = 0; i < kHalf / 2; ++i) swap_if(rank != 0, sums[i], sums[i + kHalf / 2]);
  exchange_sums<P>(barriers, shared, warpgroup, rank, sums);
  typename P::Acc kept[kHalf / 2];
#pragma unroll
  for (int i = 0; i < kHalf / 2; ++i) kept[i] = sums[i];
  store_tile<P>(p, barriers, shared, warpgroup, to.m + rank * kHalf, to, scale_a + rank * kHalf,
                piece, kept);
}

}  // namespace twofour::providers::cuda::sm90
