// The products of a prefill kernel: a consumer warpgroup goes through the rings.
#pragma once

#include <cstdint>

#include "providers/cuda/sm90/prefill_rings.cuh"
#include "providers/cuda/sm90/wgmma.cuh"

namespace twofour::providers::cuda::sm90 {

/// Tells all CTAs of the cluster that this warpgroup has read the activations of `slot`.
template <class P>
__device__ __forceinline__ void free_activations(PrefillBarriers barriers, int slot, int thread) {
  if (thread < P::kRanks) {
    barrier_arrive_in_cluster(map_to_rank(barriers.activations_empty(slot), thread));
  }
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

}  // namespace twofour::providers::cuda::sm90
