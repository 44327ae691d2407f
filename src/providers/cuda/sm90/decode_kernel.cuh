// The decode kernel (decode.h has the terms and how the work is partitioned), from outside in:
//
//   decode_kernel      one CTA: tiles * groups consumer warpgroups and two producer warps
//   WeightsProducer    a thread: units into their ring, by bulk copies
//                        [depth][tiles][unit]
//   TokensProducer     a thread: activations into theirs, by TMA boxes
//                        [activation_depth][row bytes / 128][kPaddedM][128 bytes]
//   Consumer           a warpgroup: accumulators [64 rows][kPaddedM] += W tile x A chunk^T, for the
//                      chunks of its group, one chunk in flight while the next is awaited
//   decode_reduce.cuh  adds up the accumulators of a cluster, epilogue
//
// Only activations and scale_a can come from the previous kernel of the stream. So everything
// before wait_for_previous_kernel() - barriers, the first copies of weights, scale_b and bias -
// overlaps that kernel's end.
#pragma once

#include <cstdint>

#include "providers/cuda/sm90/decode_params.h"
#include "providers/cuda/sm90/decode_reduce.cuh"
#include "providers/cuda/sm90/layout.h"
#include "providers/cuda/sm90/ptx.cuh"
#include "providers/cuda/sm90/stamps.cuh"
#include "providers/cuda/sm90/wgmma.cuh"

namespace twofour::providers::cuda::sm90 {

/// A stage of a ring, and the parity of the phase of its barriers. The depth is a multiple of the
/// groups, so every warpgroup returns to the same stages and is never two phases ahead of a
/// barrier.
struct PipelineState {
  int stage = 0;
  std::uint32_t parity = 0;
  __device__ __forceinline__ void advance(int by, int depth) {
    stage += by;
    if (stage >= depth) {
      stage -= depth;
      parity ^= 1u;
    }
  }
};

/// Issues the copies of weights of a CTA, chunk by chunk; one thread, where nothing else is said.
template <DataType kType, Sparsity kSparsity>
class WeightsProducer {
 public:
  static constexpr int kUnit = unit_bytes(kType, kSparsity);

  __device__ WeightsProducer(const DecodeParams& p, const Part& part, Barriers barriers)
      : p_(p), part_(part), barriers_(barriers) {}

  /// The whole warp.
  __device__ void init_barriers() const {
    const int lane = static_cast<int>(threadIdx.x) % 32;
    for (int unit = lane; unit < p_.depth * p_.tiles; unit += 32) {
      barrier_init(barriers_.weights_full(unit), 1);
      // Arrivals of the four warps of the tile's warpgroup.
      barrier_init(barriers_.weights_empty(unit), 4);
    }
    fence_barrier_init();
  }

  /// Issues the weights of the first chunks, as many as the ring holds. No kernel of the stream
  /// writes weights, so this need not wait for the previous one.
  __device__ void prefetch() const {
    for (int chunk = 0; chunk < min(part_.chunks, p_.depth); ++chunk) {
      for (int tile = 0; tile < part_.tiles; ++tile) load(chunk, chunk, tile);
    }
  }

  /// Issues all other chunks as their stages become empty.
  __device__ void produce() const {
    PipelineState at;
    const int halfway = (part_.chunks + p_.depth) / 2;
    for (int chunk = p_.depth; chunk < part_.chunks; ++chunk) {
      if (p_.overlap == Overlap::kHalf && chunk == halfway) launch_dependents();
      for (int tile = 0; tile < part_.tiles; ++tile) {
        barrier_wait(barriers_.weights_empty(at.stage * p_.tiles + tile), at.parity);
        load(chunk, at.stage, tile);
      }
      at.advance(1, p_.depth);
    }
    // With kHalf this is the first trigger only if the ring held all chunks; a second does nothing.
    if (p_.overlap == Overlap::kLoaded || p_.overlap == Overlap::kHalf) launch_dependents();
  }

 private:
  __device__ void load(int chunk, int stage, int tile) const {
    const int in_ring = stage * p_.tiles + tile;
    const std::int64_t unit =
        std::int64_t{part_.first_tile + tile} * p_.chunks + part_.first_chunk + chunk;
    const std::uint32_t barrier = barriers_.weights_full(in_ring);
    barrier_expect(barrier, kUnit);
    bulk_copy(barriers_.base + kBarrierBytes + in_ring * kUnit, p_.io.weights + unit * kUnit, kUnit,
              barrier, evict_first_policy());
  }

  const DecodeParams& p_;
  Part part_;
  Barriers barriers_;
};

/// The same for activations.
template <Sparsity kSparsity, int kPaddedM>
class TokensProducer {
 public:
  static constexpr int kChunkRow = chunk_row_bytes(kSparsity);
  static constexpr int kBytes = kPaddedM * kChunkRow;

  __device__ TokensProducer(const DecodeParams& p, const CUtensorMap& map, const Part& part,
                            Barriers barriers)
      : p_(p), map_(map), part_(part), barriers_(barriers) {}

  /// The whole warp.
  __device__ void init_barriers() const {
    const int lane = static_cast<int>(threadIdx.x) % 32;
    for (int stage = lane; stage < p_.activation_depth; stage += 32) {
      barrier_init(barriers_.activations_full(stage), 1);
      barrier_init(barriers_.activations_empty(stage), 4 * part_.tiles);
    }
    fence_barrier_init();
  }

  __device__ void produce() const {
    PipelineState at;
    for (int chunk = 0; chunk < part_.chunks; ++chunk) {
      if (chunk >= p_.activation_depth) {
        barrier_wait(barriers_.activations_empty(at.stage), at.parity ^ 1u);
      }
      load(chunk, at.stage);
      at.advance(1, p_.activation_depth);
    }
  }

 private:
  __device__ void load(int chunk, int stage) const {
    const std::uint32_t barrier = barriers_.activations_full(stage);
    const std::uint32_t to = barriers_.base + p_.shared.activations + stage * kBytes;
    barrier_expect(barrier, kBytes);
    const int begin = (part_.first_chunk + chunk) * kChunkRow;
#pragma unroll
    for (int i = 0; i < kChunkRow / kRowBytes; ++i) {
      box_copy(to + i * kPaddedM * kRowBytes, &map_, begin + i * kRowBytes, 0, barrier);
    }
  }

  const DecodeParams& p_;
  const CUtensorMap& map_;
  Part part_;
  Barriers barriers_;
};

/// A consumer warpgroup's way through the rings. A chunk takes kStepsPerChunk matrix instructions.
/// With `kPipelined` one chunk's are under way while the next chunk is awaited.
template <DataType kType, Sparsity kSparsity, int kPaddedM, bool kPipelined>
class Consumer {
 public:
  using Sums = Accumulator<kType> (&)[kPaddedM / 2];

  __device__ Consumer(const DecodeParams& p, Barriers barriers, const unsigned char* shared,
                      int tile, int group)
      : p_(p), barriers_(barriers), shared_(shared), tile_(tile) {
    const int thread = static_cast<int>(threadIdx.x) % 128;
    metadata_at_ = kBarrierBytes + kValueBytes + metadata_vector(kType, thread) * 16;
    releases_ = thread % 32 == 0;
    weights_.advance(group, p.depth);
    activations_.advance(group, p.activation_depth);
  }

  /// sums += W [64 rows of the tile] x A^T over the chunks first, first + groups, ... of `chunks`.
  __device__ __forceinline__ void multiply(int first, int chunks, Sums sums) {
    uint4 even{};
    uint4 odd{};
    if constexpr (kPipelined) {
      for (int chunk = first; chunk < chunks; chunk += 2 * p_.groups) {
        one(even, odd, chunk > first, sums);
        if (chunk + p_.groups < chunks) one(odd, even, true, sums);
      }
      matrix_wait();
      keep(even);
      keep(odd);
    } else {
      for (int chunk = first; chunk < chunks; chunk += p_.groups) one(even, odd, false, sums);
    }
  }

  /// Offset in shared memory of the unit that it read last.
  __device__ __forceinline__ int last_unit() const {
    return kBarrierBytes + read_unit_ * unit_bytes(kType, kSparsity);
  }

 private:
  /// Issues the products of a chunk, whose metadata it loads into `words`, and waits for those of
  /// the chunk before, whose metadata is `previous`.
  __device__ __forceinline__ void one(uint4& words, const uint4& previous, bool follows,
                                      Sums sums) {
    constexpr int kActivationBytes = kPaddedM * chunk_row_bytes(kSparsity);
    const int unit = weights_.stage * p_.tiles + tile_;
    barrier_wait(barriers_.weights_full(unit), weights_.parity);
    const int unit_at = unit * unit_bytes(kType, kSparsity);
    if constexpr (kSparsity == Sparsity::kTwoFour) {
      words = *reinterpret_cast<const uint4*>(shared_ + unit_at + metadata_at_);
    }
    const std::uint32_t metadata[kStepsPerChunk] = {words.x, words.y, words.z, words.w};
    const std::uint32_t a = barriers_.base + kBarrierBytes + unit_at;
    const std::uint32_t b =
        barriers_.base + p_.shared.activations + activations_.stage * kActivationBytes;
    barrier_wait(barriers_.activations_full(activations_.stage), activations_.parity);
    matrix_fence();
#pragma unroll
    for (int step = 0; step < kStepsPerChunk; ++step) {
      const std::uint32_t b_at = kSparsity == Sparsity::kTwoFour
                                     ? step / 2 * kPaddedM * kRowBytes + step % 2 * 64
                                     : step * 32;
      multiply_step<kType, kSparsity, kPaddedM>(sums, matrix_descriptor(a + step * 32),
                                                matrix_descriptor(b + b_at), metadata[step]);
    }
    matrix_commit();
    if constexpr (kPipelined) {
      matrix_wait<1>();
      keep(previous);
      if (follows) release(read_unit_, read_activations_);
    } else {
      matrix_wait();
      release(unit, activations_.stage);
    }
    read_unit_ = unit;
    read_activations_ = activations_.stage;
    weights_.advance(p_.groups, p_.depth);
    activations_.advance(p_.groups, p_.activation_depth);
  }

  __device__ __forceinline__ void release(int unit, int stage) const {
    if (!releases_) return;
    barrier_arrive(barriers_.weights_empty(unit));
    barrier_arrive(barriers_.activations_empty(stage));
  }

  __device__ __forceinline__ void keep(const uint4& words) const {
    if constexpr (kSparsity == Sparsity::kTwoFour) {
      keep_metadata(words, barriers_.base, p_.chunks < 0);
    }
  }

  const DecodeParams& p_;
  Barriers barriers_;
  const unsigned char* shared_;
  int tile_;
  int metadata_at_;
  bool releases_;
  PipelineState weights_;
  PipelineState activations_;
  int read_unit_ = 0;  ///< of the chunk before, whose products may be unfinished
  int read_activations_ = 0;
};

/// What the warps of a CTA do.
struct Role {
  int producer;  ///< 0: weights, 1: activations; negative for all others
  int tile;      ///< row tile of the cluster
  int group;
  bool consumes;  ///< a warp of a warpgroup whose row tile exists
  bool leads;     ///< lane 0

  __device__ Role(const DecodeParams& p, const Part& part, int warp)
      : producer(warp - p.tiles * p.groups * 4),
        tile(warp / 4 % p.tiles),
        group(warp / 4 / p.tiles),
        consumes(producer < 0 && tile < part.tiles),
        leads(threadIdx.x % 32 == 0) {}
};

/// Initialises the barriers and issues the first copies of weights.
template <class Weights, class Tokens>
__device__ __forceinline__ void start(const DecodeParams& p, const CUtensorMap& map,
                                      const Part& part, Barriers barriers, const Role& role,
                                      const Weights& weights, const Tokens& tokens) {
  const int ranks = static_cast<int>(cluster_size());
  if (role.producer == 0) {
    weights.init_barriers();
  } else if (role.producer == 1) {
    tokens.init_barriers();
    if (role.leads) {
      prefetch_map(&map);
      init_reduction(p, part, barriers, static_cast<int>(cluster_rank()), ranks);
    }
  }
  __syncthreads();
  if (role.producer == 0 && role.leads) weights.prefetch();
  __syncwarp();
  // This CTA's barriers are initialised: cluster_wait() keeps others from sending earlier.
  if (ranks > 1) cluster_arrive_relaxed();
}

/// CTAs of an SM that registers have to be left for.
constexpr int least_ctas(int padded, bool few) { return few && padded == 64 ? 2 : 1; }

/// `kFew`: at most kFewWarpgroups, which leaves registers for a pipeline where M is 64, and lets
/// two CTAs share an SM.
template <DataType kType, Sparsity kSparsity, int kPaddedM, bool kFew>
__global__ void __launch_bounds__((kFew ? kFewWarpgroups : max_warpgroups(kPaddedM)) * 128 +
                                      kProducerThreads,
                                  least_ctas(kPaddedM, kFew))
    decode_kernel(const __grid_constant__ CUtensorMap map, const __grid_constant__ DecodeParams p) {
  extern __shared__ __align__(1024) unsigned char shared[];
  const int ranks = static_cast<int>(cluster_size());
  const int rank = static_cast<int>(cluster_rank());
  const Part part = part_of(p, static_cast<int>(blockIdx.x) / ranks, rank, ranks);
  const Barriers barriers{shared_address(shared)};
  // The same for all lanes, which the compiler cannot know.
  const int warp = __shfl_sync(0xFFFFFFFFu, static_cast<int>(threadIdx.x) / 32, 0);
  const Role role(p, part, warp);
  const WeightsProducer<kType, kSparsity> weights(p, part, barriers);
  const TokensProducer<kSparsity, kPaddedM> tokens(p, map, part, barriers);
  if (p.overlap == Overlap::kEarly) launch_dependents();
  const Stamps stamps(p.io.stamps);
  stamps.put(Phase::kStart);
  start(p, map, part, barriers, role, weights, tokens);
  const int first_row = (part.first_tile + role.tile) * kUnitRows;
  Accumulator<kType> sums[kPaddedM / 2] = {};
  const RowVectors rows =
      role.consumes ? load_row_vectors(p.io, first_row + warp % 4 * 16) : RowVectors{};
  stamps.put(Phase::kIssued);
  if (role.producer == 0) {
    if (role.leads) weights.produce();
    __syncwarp();
  } else {
    wait_for_previous_kernel();
    stamps.put(Phase::kReleased);
  }
  const TokenScales<kPaddedM> scales(p.io, role.consumes);
  int stage = p.shared.staging + role.tile * kStagedTokens * kRowBytes;
  if (role.producer == 1) {
    if (role.leads) tokens.produce();
    __syncwarp();
  } else if (role.consumes) {
    constexpr bool kPipelined = pipelined(kPaddedM, kFew ? 1 : max_warpgroups(kPaddedM));
    Consumer<kType, kSparsity, kPaddedM, kPipelined> consumer(p, barriers, shared, role.tile,
                                                              role.group);
    consumer.multiply(role.group, part.chunks, sums);
    if (p.shared.staging == 0) stage = consumer.last_unit();
  }
  stamps.put(Phase::kMultiplied);
  if (ranks > 1) cluster_wait();
  if (p.shared.partials_over_rings) free_rings(barriers, ranks, role.consumes);
  if (!role.consumes) return;
  const Reduction<Accumulator<kType>, kPaddedM> reduction(p, barriers, shared, rank, ranks,
                                                          role.tile * 4 + warp % 4);
  reduction.send(role.group, sums);
  if (role.group > 0) return;
  reduction.wait();
  stamps.put(Phase::kPartialsReady);
  reduction.store(1 + role.tile, first_row, stage, rows, scales, sums);
  stamps.put(Phase::kEnd);
}

}  // namespace twofour::providers::cuda::sm90
