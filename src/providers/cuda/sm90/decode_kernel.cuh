// The decode kernel (decode.h has the terms and how the work is partitioned), from outside in:
//
//   decode_kernel      one CTA: a producer warp and tiles * groups consumer warpgroups
//   Producer           one thread issues all copies into two rings in shared memory:
//                        weights       [depth stages][tiles][unit]                    bulk copies
//                        activations   [depth stages][row bytes / 128][kPaddedM][128 bytes]   TMA
//                        boxes
//   consume_tile       a warpgroup: accumulators [64 rows][kPaddedM] += W tile x A chunk^T, for the
//                      chunks of its group
//   send_partials      accumulators to the CTA of the cluster that owns the row:
//                      partials [ranks * groups][m][rows_owned + 4]
//   reduce_and_store   adds the partial sums of the own rows, then the epilogue
//
// Only activations and scale_a can come from the previous kernel of the stream. So everything
// before wait_for_previous_kernel() - barriers, the first copies of weights, scale_b and bias -
// overlaps that kernel's end.
#pragma once

#include <cstdint>

#include "providers/cuda/sm90/decode_epilogue.cuh"
#include "providers/cuda/sm90/decode_params.h"
#include "providers/cuda/sm90/layout.h"
#include "providers/cuda/sm90/ptx.cuh"
#include "providers/cuda/sm90/stamps.cuh"
#include "providers/cuda/sm90/transpose.cuh"
#include "providers/cuda/sm90/wgmma.cuh"

namespace twofour::providers::cuda::sm90 {

/// A stage of the rings, and the parity of the phase of its barriers. The depth is a multiple of
/// the groups, so every warpgroup returns to the same stages and is never two phases ahead of a
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

/// Addresses of the mbarriers, at the start of shared memory. `unit` is stage * tiles + tile. A
/// full barrier completes when the copies of a stage have arrived, an empty one when its consumers
/// have read it.
struct Barriers {
  std::uint32_t base;
  __device__ __forceinline__ std::uint32_t weights_full(int unit) const { return base + 8 * unit; }
  __device__ __forceinline__ std::uint32_t weights_empty(int unit) const {
    return base + 8 * (kMaxUnitsInFlight + unit);
  }
  __device__ __forceinline__ std::uint32_t activations_full(int stage) const {
    return base + 8 * (2 * kMaxUnitsInFlight + stage);
  }
  __device__ __forceinline__ std::uint32_t activations_empty(int stage) const {
    return base + 8 * (2 * kMaxUnitsInFlight + kMaxDepth + stage);
  }
  /// Completes when all consumer warps of the cluster have finished with their rings.
  __device__ __forceinline__ std::uint32_t rings_free() const { return base + kBytes - 16; }
  /// Counts the bytes of partial sums that the cluster sends to this CTA.
  __device__ __forceinline__ std::uint32_t received() const { return base + kBytes - 8; }
  static constexpr int kBytes = 1024;
};
inline constexpr int kBarrierBytes = Barriers::kBytes;
static_assert(8 * 2 * (kMaxUnitsInFlight + kMaxDepth) <= kBarrierBytes - 16);

/// The part of the problem that a CTA multiplies.
struct Part {
  int first_tile;   ///< tile of 64 rows of W
  int tiles;        ///< fewer than DecodeParams::tiles at the end of W
  int first_chunk;  ///< chunk of K
  int chunks;
};

__device__ __forceinline__ Part part_of(const DecodeParams& p, int cluster, int rank, int ranks) {
  Part part;
  part.first_tile = cluster * p.tiles;
  part.tiles = min(p.tiles, p.row_tiles - part.first_tile);
  part.first_chunk = p.chunks * rank / ranks;
  part.chunks = p.chunks * (rank + 1) / ranks - part.first_chunk;
  return part;
}

/// Rows of `part` whose epilogue CTA `rank` of its cluster runs.
__device__ __forceinline__ int owned_rows(const DecodeParams& p, const Part& part, int rank) {
  return max(0, min(p.shared.rows_owned, part.tiles * kUnitRows - rank * p.shared.rows_owned));
}

/// Issues all copies of a CTA, chunk by chunk; one thread calls it.
template <DataType kType, Sparsity kSparsity, int kPaddedM>
class Producer {
 public:
  static constexpr int kUnit = unit_bytes(kType, kSparsity);
  static constexpr int kChunkRow = chunk_row_bytes(kSparsity);
  static constexpr int kActivationBytes = kPaddedM * kChunkRow;

  __device__ Producer(const DecodeParams& p, const CUtensorMap& map, const Part& part,
                      Barriers barriers, std::uint32_t shared)
      : p_(p), map_(map), part_(part), barriers_(barriers), shared_(shared) {}

  __device__ void init_barriers(int rank, int ranks) const {
    for (int stage = 0; stage < p_.depth; ++stage) {
      for (int tile = 0; tile < p_.tiles; ++tile) {
        barrier_init(barriers_.weights_full(stage * p_.tiles + tile), 1);
        // Arrivals of the four warps of the tile's warpgroup.
        barrier_init(barriers_.weights_empty(stage * p_.tiles + tile), 4);
      }
      barrier_init(barriers_.activations_full(stage), 1);
      barrier_init(barriers_.activations_empty(stage), 4 * part_.tiles);
    }
    const int sources = ranks * p_.groups;
    barrier_init(barriers_.rings_free(), sources * part_.tiles * 4);
    barrier_init(barriers_.received(), 1);
    fence_barrier_init();
    barrier_expect(barriers_.received(), sources * p_.io.m * owned_rows(p_, part_, rank) * 4);
  }

  /// Issues the weights of the first chunks, as many as the ring holds. No kernel of the stream
  /// writes weights, so this need not wait for the previous one.
  __device__ void prefetch_weights() const {
    for (int chunk = 0; chunk < min(part_.chunks, p_.depth); ++chunk) {
      for (int tile = 0; tile < part_.tiles; ++tile) load_unit(chunk, chunk, tile);
    }
  }

  /// Issues the activations of the same chunks, then all other chunks as their stages become empty.
  __device__ void produce() const {
    for (int chunk = 0; chunk < min(part_.chunks, p_.depth); ++chunk) {
      load_activations(chunk, chunk);
    }
    PipelineState position;
    const int halfway = (part_.chunks + p_.depth) / 2;
    for (int chunk = p_.depth; chunk < part_.chunks; ++chunk) {
      if (p_.overlap == Overlap::kHalf && chunk == halfway) launch_dependents();
      for (int tile = 0; tile < part_.tiles; ++tile) {
        barrier_wait(barriers_.weights_empty(position.stage * p_.tiles + tile), position.parity);
        load_unit(chunk, position.stage, tile);
      }
      barrier_wait(barriers_.activations_empty(position.stage), position.parity);
      load_activations(chunk, position.stage);
      position.advance(1, p_.depth);
    }
  }

 private:
  __device__ void load_unit(int chunk, int stage, int tile) const {
    const int in_ring = stage * p_.tiles + tile;
    const std::int64_t unit =
        std::int64_t{part_.first_tile + tile} * p_.chunks + part_.first_chunk + chunk;
    const std::uint32_t barrier = barriers_.weights_full(in_ring);
    barrier_expect(barrier, kUnit);
    bulk_copy(shared_ + kBarrierBytes + in_ring * kUnit, p_.io.weights + unit * kUnit, kUnit,
              barrier, evict_first_policy());
  }

  __device__ void load_activations(int chunk, int stage) const {
    const std::uint32_t barrier = barriers_.activations_full(stage);
    const std::uint32_t to = shared_ + p_.shared.activations + stage * kActivationBytes;
    barrier_expect(barrier, kActivationBytes);
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
  std::uint32_t shared_;
};

/// A consumer warpgroup: accumulators += W [64 rows of tile `tile`] x A^T, for every chunk of
/// `group`. A chunk takes kStepsPerChunk matrix instructions.
template <DataType kType, Sparsity kSparsity, int kPaddedM>
__device__ __forceinline__ void consume_tile(const DecodeParams& p, const Part& part, int tile,
                                             int group, Barriers barriers,
                                             const unsigned char* shared,
                                             Accumulator<kType> (&accumulators)[kPaddedM / 2]) {
  constexpr int kUnit = unit_bytes(kType, kSparsity);
  constexpr int kActivationBytes = kPaddedM * chunk_row_bytes(kSparsity);
  const std::uint32_t shared_base = shared_address(shared);
  const int thread = static_cast<int>(threadIdx.x) % 128;
  const int vector = metadata_vector(kType, thread);
  PipelineState position;
  position.advance(group, p.depth);
  for (int chunk = group; chunk < part.chunks; chunk += p.groups) {
    const int unit = position.stage * p.tiles + tile;
    barrier_wait(barriers.activations_full(position.stage), position.parity);
    barrier_wait(barriers.weights_full(unit), position.parity);
    const int unit_at = kBarrierBytes + unit * kUnit;
    uint4 metadata{};
    if constexpr (kSparsity == Sparsity::kTwoFour) {
      metadata = *reinterpret_cast<const uint4*>(shared + unit_at + kValueBytes + vector * 16);
    }
    const std::uint32_t words[kStepsPerChunk] = {metadata.x, metadata.y, metadata.z, metadata.w};
    const std::uint32_t a = shared_base + unit_at;
    const std::uint32_t b = shared_base + p.shared.activations + position.stage * kActivationBytes;
    matrix_fence();
#pragma unroll
    for (int step = 0; step < kStepsPerChunk; ++step) {
      const std::uint32_t b_at = kSparsity == Sparsity::kTwoFour
                                     ? step / 2 * kPaddedM * kRowBytes + step % 2 * 64
                                     : step * 32;
      multiply_step<kType, kSparsity, kPaddedM>(accumulators, matrix_descriptor(a + step * 32),
                                                matrix_descriptor(b + b_at), words[step]);
    }
    matrix_commit();
    matrix_wait();
    if (thread % 32 == 0) {
      barrier_arrive(barriers.weights_empty(unit));
      barrier_arrive(barriers.activations_empty(position.stage));
    }
    position.advance(p.groups, p.depth);
  }
}

/// Accumulators from one m to the next in the partial sums: four more than there are rows, so that
/// a warp writes to different banks.
__device__ __forceinline__ int partial_stride(const DecodeParams& p) {
  return p.shared.rows_owned + 4;
}

/// Sends each accumulator to the CTA of the cluster that owns its row, four rows of one m in a
/// vector. `source` is the number of this group's part of K in the cluster: rank * groups + group.
template <class Acc, int kPaddedM>
__device__ __forceinline__ void send_partials(const DecodeParams& p, int tile, int source,
                                              int ranks, Barriers barriers,
                                              const Acc (&accumulators)[kPaddedM / 2]) {
  const int lane = static_cast<int>(threadIdx.x) % 32;
  const int warp = static_cast<int>(threadIdx.x) / 32 % 4;
  const int value = lane / 4 % 4;  // which accumulator of four this lane has after the transpose
  const int stride = partial_stride(p);
  const int row = tile * kUnitRows + warp * 16 + value / 2 * 8 + lane / 16 * 4;
  const int owner = row / p.shared.rows_owned;
  const std::uint32_t at = barriers.base + p.shared.partials +
                           4 * (source * p.io.m * stride + row - owner * p.shared.rows_owned);
  const std::uint32_t target = map_to_rank(at, owner);
  const std::uint32_t received = map_to_rank(barriers.received(), owner);
#pragma unroll
  for (int i = 0; i < kPaddedM / 8; ++i) {
    if (i * 8 >= p.io.m) break;
    Acc rows[4] = {accumulators[4 * i], accumulators[4 * i + 1], accumulators[4 * i + 2],
                   accumulators[4 * i + 3]};
    transpose_4x4<4>(rows, lane);
    const typename AccumulatorVector<Acc>::Type four = {rows[0], rows[1], rows[2], rows[3]};
    const int m = i * 8 + lane % 4 * 2 + value % 2;
    if (m >= p.io.m) continue;
    if (ranks > 1) {
      send_in_cluster(target + 4 * m * stride, four, received);
    } else {
      store_shared(at + 4 * m * stride, four);
    }
  }
}

/// Waits until no warp of the cluster reads its ring any more, so that partial sums may overwrite
/// it. `uses`: whether this warp is a consumer.
__device__ __forceinline__ void free_rings(Barriers barriers, int ranks, bool uses) {
  if (ranks == 1) {
    __syncthreads();
    return;
  }
  const int lane = static_cast<int>(threadIdx.x) % 32;
  if (uses && lane < ranks) barrier_arrive_in_cluster(map_to_rank(barriers.rings_free(), lane));
  barrier_wait(barriers.rings_free(), 0);
}

/// Adds the partial sums of this CTA's rows, always in the order of their sources, so that results
/// are reproducible, and runs the epilogue.
template <class Acc>
__device__ __forceinline__ void reduce_and_store(const DecodeParams& p, int first_row, int rows,
                                                 int sources, const unsigned char* shared) {
  using Vector = typename AccumulatorVector<Acc>::Type;
  const int stride = partial_stride(p);
  const int quads = p.shared.rows_owned / 4;
  const auto* vectors = reinterpret_cast<const float*>(shared + p.shared.vectors);
  const auto* partials = reinterpret_cast<const Acc*>(shared + p.shared.partials);
  for (int item = static_cast<int>(threadIdx.x); item < p.io.m * quads;
       item += static_cast<int>(blockDim.x)) {
    const int m = item / quads;
    const int local = (item - m * quads) * 4;
    const int row = first_row + local;
    if (local >= rows || row >= p.io.n) continue;
    Vector sum{};
    for (int source = 0; source < sources; ++source) {
      add_four(sum,
               *reinterpret_cast<const Vector*>(partials + (source * p.io.m + m) * stride + local));
    }
    const float scale_a = vectors[2 * p.shared.rows_owned + m];
    const float4 scale_b = *reinterpret_cast<const float4*>(vectors + local);
    const float4 bias = *reinterpret_cast<const float4*>(vectors + p.shared.rows_owned + local);
    store_four(p.io, m, row, sum, scale_a, scale_b, bias);
  }
}

template <DataType kType, Sparsity kSparsity, int kPaddedM>
__global__ void __launch_bounds__(max_warpgroups(kPaddedM) * 128 + 32)
    decode_kernel(const __grid_constant__ CUtensorMap map, const __grid_constant__ DecodeParams p) {
  using Acc = Accumulator<kType>;
  extern __shared__ __align__(1024) unsigned char shared[];
  const std::uint32_t shared_base = shared_address(shared);
  const int ranks = static_cast<int>(cluster_size());
  const int rank = static_cast<int>(cluster_rank());
  const Part part = part_of(p, static_cast<int>(blockIdx.x) / ranks, rank, ranks);
  const Barriers barriers{shared_base};
  const int warp = static_cast<int>(threadIdx.x) / 32;
  const bool producer_warp = warp == p.tiles * p.groups * 4;
  const bool is_producer = producer_warp && threadIdx.x % 32 == 0;
  Producer<kType, kSparsity, kPaddedM> producer(p, map, part, barriers, shared_base);
  if (p.overlap == Overlap::kEarly) launch_dependents();
  const Stamps stamps(p.io.stamps);
  stamps.put(Phase::kStart);
  if (is_producer) {
    producer.init_barriers(rank, ranks);
    producer.prefetch_weights();
  } else if (threadIdx.x == 0) {
    prefetch_map(&map);
  }
  __syncthreads();
  // This CTA's barriers are initialised: cluster_wait() below keeps others from sending earlier.
  if (ranks > 1) cluster_arrive_relaxed();
  const int first_row = part.first_tile * kUnitRows + rank * p.shared.rows_owned;
  auto* vectors = reinterpret_cast<float*>(shared + p.shared.vectors);
  if (!producer_warp) load_channel_vectors(p.io, first_row, p.shared.rows_owned, vectors);
  stamps.put(Phase::kIssued);
  wait_for_previous_kernel();
  stamps.put(Phase::kReleased);
  // Loaded now, so that the load overlaps the products; stored to shared memory after them.
  const int m = static_cast<int>(threadIdx.x);
  const float scale_a = row_scale(p.io, m);
  Acc accumulators[kPaddedM / 2] = {};
  const int tile = warp / 4 % p.tiles;
  const int group = warp / 4 / p.tiles;
  const bool is_consumer = !producer_warp && tile < part.tiles;
  if (is_producer) {
    producer.produce();
    // With kHalf this is the first trigger only if the ring held all chunks; a second does nothing.
    if (p.overlap == Overlap::kLoaded || p.overlap == Overlap::kHalf) launch_dependents();
  } else if (is_consumer) {
    consume_tile<kType, kSparsity, kPaddedM>(p, part, tile, group, barriers, shared, accumulators);
  }
  __syncwarp();
  stamps.put(Phase::kMultiplied);
  if (ranks > 1) cluster_wait();
  if (p.shared.partials_over_rings) free_rings(barriers, ranks, is_consumer);
  if (is_consumer) {
    send_partials<Acc, kPaddedM>(p, tile, rank * p.groups + group, ranks, barriers, accumulators);
  }
  if (m < p.io.m) vectors[2 * p.shared.rows_owned + m] = scale_a;
  __syncthreads();
  if (ranks > 1) barrier_wait(barriers.received(), 0);
  stamps.put(Phase::kPartialsReady);
  reduce_and_store<Acc>(p, first_row, owned_rows(p, part, rank), ranks * p.groups, shared);
  stamps.put(Phase::kEnd);
}

}  // namespace twofour::providers::cuda::sm90
