// The products of a prefill kernel: a consumer warpgroup goes through the rings.
#pragma once

#include <cstdint>

#include "providers/cuda/sm90/prefill_rings.cuh"
#include "providers/cuda/sm90/wgmma.cuh"

namespace twofour::providers::cuda::sm90 {

/// A consumer warpgroup's way through the rings.
template <class P, DataType kType>
class Multiplier {
 public:
  __device__ Multiplier(const PrefillParams& p, PrefillBarriers barriers,
                        const unsigned char* shared, int warpgroup, int rank)
      : never_(p.chunks < 0),
        barriers_(barriers),
        shared_(shared),
        base_(shared_address(shared)),
        warpgroup_(warpgroup),
        rank_(rank),
        thread_(static_cast<int>(threadIdx.x) % 128) {}

  /// sums [64 rows of this warpgroup][kTokens] = W x A^T of one tile and `chunks` chunks of K. With
  /// `split` the other CTA of the cluster does not use these activations. Calls `meanwhile`
  /// while the first products are under way.
  template <class Meanwhile>
  __device__ __forceinline__ void tile(typename P::Acc (&sums)[P::kTokens / 2], int chunks,
                                       bool split, const TileStamps& stamps, Meanwhile meanwhile) {
    reader_ = P::kSplits && split ? rank_ : thread_;
    uint4 even{};
    uint4 odd{};
    // With a part of the loop outside of it, ptxas moves metadata between registers and serialises
    // the products (C7513).
    for (int c = 0; c < chunks; c += 2) {
      chunk(c, even, odd, stamps, sums);
      if (c == 0) meanwhile();
      if (c + 1 < chunks) chunk(c + 1, odd, even, stamps, sums);
    }
    matrix_wait();
    free_activations();
    if (thread_ % 32 == 0) barrier_arrive(barriers_.weights_empty(read_weights_));
    keep_metadata(even, base_, never_);
    keep_metadata(odd, base_, never_);
  }

 private:
  /// Tells all CTAs of the cluster that this warpgroup has read the activations of the last step;
  /// or this one alone, as often.
  __device__ __forceinline__ void free_activations() const {
    if (thread_ < P::kRanks) {
      barrier_arrive_in_cluster(
          map_to_rank(barriers_.activations_empty(read_activations_), reader_));
    }
  }

  /// Issues the products of one chunk, whose metadata it loads into `words`, and waits for all but
  /// its last step; so the products of the chunk before, whose metadata is `previous`, are done.
  __device__ __forceinline__ void chunk(int c, uint4& words, const uint4& previous,
                                        const TileStamps& stamps,
                                        typename P::Acc (&sums)[P::kTokens / 2]) {
    barrier_wait(barriers_.weights_full(weights_.slot), weights_.parity);
    const int unit =
        PrefillLayout::kBarriers + weights_.slot * P::kWeightSlot + warpgroup_ * P::kUnit;
    words = *reinterpret_cast<const uint4*>(shared_ + unit + kValueBytes +
                                            metadata_vector(kType, thread_) * 16);
    const std::uint32_t metadata[kStepsPerChunk] = {words.x, words.y, words.z, words.w};
#pragma unroll
    for (int step = 0; step < P::kStepsOfChunk; ++step) {
      barrier_wait(barriers_.activations_full(activations_.slot), activations_.parity);
      if (c == 0 && step == 0) stamps.put(1);
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
      if (step == 0) keep_metadata(previous, base_, never_);
      if (c > 0 || step > 0) {
        free_activations();
        if (step == 0 && thread_ % 32 == 0) barrier_arrive(barriers_.weights_empty(read_weights_));
      }
      read_activations_ = activations_.slot;
      activations_.advance();
    }
    read_weights_ = weights_.slot;
    weights_.advance();
  }

  bool never_;
  PrefillBarriers barriers_;
  const unsigned char* shared_;
  std::uint32_t base_;
  int warpgroup_;
  int rank_;
  int thread_;
  int reader_ = 0;  ///< CTA that one of the first threads tells that activations are read
  typename P::Weights weights_;
  typename P::Activations activations_;
  int read_activations_ = 0;  ///< slot of the last step whose products may be unfinished
  int read_weights_ = 0;
};

}  // namespace twofour::providers::cuda::sm90
