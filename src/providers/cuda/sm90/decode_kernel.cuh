// The kernel itself. A CTA has one warp that asks for copies, and groups of warpgroups, one for
// each of its row tiles; everything it reads passes through two rings in shared memory, one of
// weight units and one of activation chunks.
#pragma once

#include <cstdint>

#include "providers/cuda/sm90/decode_finish.cuh"
#include "providers/cuda/sm90/decode_params.h"
#include "providers/cuda/sm90/exchange.cuh"
#include "providers/cuda/sm90/layout.h"
#include "providers/cuda/sm90/ptx.cuh"
#include "providers/cuda/sm90/stamps.cuh"
#include "providers/cuda/sm90/wgmma.cuh"

namespace twofour::providers::cuda::sm90 {

/// A slot of the ring of chunks, and the parity of its use. Every warpgroup comes back to the same
/// slots (the depth is a multiple of the groups), so that it is never two uses ahead of a barrier.
struct RingPosition {
  int slot = 0;
  std::uint32_t parity = 0;
  __device__ __forceinline__ void advance(int by, int depth) {
    slot += by;
    if (slot >= depth) {
      slot -= depth;
      parity ^= 1u;
    }
  }
};

/// Addresses of the barriers, which lie first in shared memory. A unit is slot * tiles + tile.
struct Barriers {
  std::uint32_t base;
  __device__ __forceinline__ std::uint32_t weights_full(int unit) const { return base + 8 * unit; }
  __device__ __forceinline__ std::uint32_t weights_empty(int unit) const {
    return base + 8 * (kMostUnitsInFlight + unit);
  }
  __device__ __forceinline__ std::uint32_t activations_full(int slot) const {
    return base + 8 * (2 * kMostUnitsInFlight + slot);
  }
  __device__ __forceinline__ std::uint32_t activations_empty(int slot) const {
    return base + 8 * (2 * kMostUnitsInFlight + kMostDepth + slot);
  }
  /// All warps of the cluster have finished with their rings.
  __device__ __forceinline__ std::uint32_t rings_free() const { return base + kBytes - 16; }
  /// Counts the partial sums that the cluster sends to this CTA.
  __device__ __forceinline__ std::uint32_t received() const { return base + kBytes - 8; }
  static constexpr int kBytes = 1024;
};
inline constexpr int kBarrierBytes = Barriers::kBytes;
static_assert(8 * 2 * (kMostUnitsInFlight + kMostDepth) <= kBarrierBytes - 16);

/// The part of the problem that this CTA computes.
struct Part {
  int first_tile;
  int tiles;
  int first_chunk;
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

/// Rows of `part` that CTA `rank` of its cluster finishes.
__device__ __forceinline__ int rows_finished(const DecodeParams& p, const Part& part, int rank) {
  return max(0, min(p.shared.rows_owned, part.tiles * kUnitRows - rank * p.shared.rows_owned));
}

/// One thread asks for all copies of a CTA, chunk by chunk.
template <Sparsity kSparsity, int kTokens>
class Loader {
 public:
  static constexpr int kUnit = unit_bytes(kSparsity);
  static constexpr int kColumns = chunk_columns(kSparsity);
  static constexpr int kActivationBytes = kTokens * kColumns;

  __device__ Loader(const DecodeParams& p, const CUtensorMap& map, const Part& part,
                    Barriers barriers, std::uint32_t shared)
      : p_(p), map_(map), part_(part), barriers_(barriers), shared_(shared) {}

  __device__ void init_barriers(int rank, int ranks) const {
    for (int slot = 0; slot < p_.depth; ++slot) {
      for (int tile = 0; tile < p_.tiles; ++tile) {
        barrier_init(barriers_.weights_full(slot * p_.tiles + tile), 1);
        // The warps of one warpgroup.
        barrier_init(barriers_.weights_empty(slot * p_.tiles + tile), 4);
      }
      barrier_init(barriers_.activations_full(slot), 1);
      barrier_init(barriers_.activations_empty(slot), 4 * part_.tiles);
    }
    const int sources = ranks * p_.groups;
    barrier_init(barriers_.rings_free(), sources * part_.tiles * 4);
    barrier_init(barriers_.received(), 1);
    fence_barrier_init();
    barrier_expect(barriers_.received(), sources * p_.io.m * rows_finished(p_, part_, rank) * 4);
  }

  /// Fills the ring with weights, which no kernel before this one writes.
  __device__ void first_weights() const {
    for (int chunk = 0; chunk < min(part_.chunks, p_.depth); ++chunk) {
      for (int tile = 0; tile < part_.tiles; ++tile) load_unit(chunk, chunk, tile);
    }
  }

  __device__ void everything_else() const {
    for (int chunk = 0; chunk < min(part_.chunks, p_.depth); ++chunk) {
      load_activations(chunk, chunk);
    }
    RingPosition position;
    const int halfway = (part_.chunks + p_.depth) / 2;
    for (int chunk = p_.depth; chunk < part_.chunks; ++chunk) {
      if (p_.overlap == Overlap::kHalf && chunk == halfway) launch_dependents();
      for (int tile = 0; tile < part_.tiles; ++tile) {
        barrier_wait(barriers_.weights_empty(position.slot * p_.tiles + tile), position.parity);
        load_unit(chunk, position.slot, tile);
      }
      barrier_wait(barriers_.activations_empty(position.slot), position.parity);
      load_activations(chunk, position.slot);
      position.advance(1, p_.depth);
    }
  }

 private:
  __device__ void load_unit(int chunk, int slot, int tile) const {
    const int in_ring = slot * p_.tiles + tile;
    const std::int64_t unit =
        std::int64_t{part_.first_tile + tile} * p_.chunks + part_.first_chunk + chunk;
    const std::uint32_t barrier = barriers_.weights_full(in_ring);
    barrier_expect(barrier, kUnit);
    bulk_copy(shared_ + kBarrierBytes + in_ring * kUnit, p_.io.weights + unit * kUnit, kUnit,
              barrier, evict_first_policy());
  }

  __device__ void load_activations(int chunk, int slot) const {
    const std::uint32_t barrier = barriers_.activations_full(slot);
    const std::uint32_t to = shared_ + p_.shared.activations + slot * kActivationBytes;
    barrier_expect(barrier, kActivationBytes);
    const int column = (part_.first_chunk + chunk) * kColumns;
#pragma unroll
    for (int i = 0; i < kColumns / kRowBytes; ++i) {
      box_copy(to + i * kTokens * kRowBytes, &map_, column + i * kRowBytes, 0, barrier);
    }
  }

  const DecodeParams& p_;
  const CUtensorMap& map_;
  Part part_;
  Barriers barriers_;
  std::uint32_t shared_;
};

/// Multiplies row tile `tile` of this CTA's part by its activations, in every chunk of `group`.
template <DataType kType, Sparsity kSparsity, int kTokens>
__device__ __forceinline__ void multiply_tile(const DecodeParams& p, const Part& part, int tile,
                                              int group, Barriers barriers,
                                              const unsigned char* shared,
                                              Accumulator<kType> (&sums)[kTokens / 2]) {
  constexpr int kUnit = unit_bytes(kSparsity);
  constexpr int kActivationBytes = kTokens * chunk_columns(kSparsity);
  const std::uint32_t shared_base = shared_address(shared);
  const int thread = static_cast<int>(threadIdx.x) % 128;
  RingPosition position;
  position.advance(group, p.depth);
  for (int chunk = group; chunk < part.chunks; chunk += p.groups) {
    const int unit = position.slot * p.tiles + tile;
    barrier_wait(barriers.activations_full(position.slot), position.parity);
    barrier_wait(barriers.weights_full(unit), position.parity);
    const int unit_at = kBarrierBytes + unit * kUnit;
    uint4 metadata{};
    if constexpr (kSparsity == Sparsity::kTwoFour) {
      metadata = *reinterpret_cast<const uint4*>(shared + unit_at + kValueBytes + thread * 16);
    }
    const std::uint32_t words[kStepsPerChunk] = {metadata.x, metadata.y, metadata.z, metadata.w};
    const std::uint32_t a = shared_base + unit_at;
    const std::uint32_t b = shared_base + p.shared.activations + position.slot * kActivationBytes;
    matrix_fence();
#pragma unroll
    for (int step = 0; step < kStepsPerChunk; ++step) {
      const std::uint32_t b_at = kSparsity == Sparsity::kTwoFour
                                     ? step / 2 * kTokens * kRowBytes + step % 2 * 64
                                     : step * 32;
      multiply_step<kType, kSparsity, kTokens>(sums, matrix_descriptor(a + step * 32),
                                               matrix_descriptor(b + b_at), words[step]);
    }
    matrix_commit();
    matrix_wait();
    if (thread % 32 == 0) {
      barrier_arrive(barriers.weights_empty(unit));
      barrier_arrive(barriers.activations_empty(position.slot));
    }
    position.advance(p.groups, p.depth);
  }
}

/// Floats of a row of partial sums: four more than rows, so that the writes of a warp meet
/// different banks.
__device__ __forceinline__ int partial_stride(const DecodeParams& p) {
  return p.shared.rows_owned + 4;
}

/// Sends each partial sum to the CTA of the cluster that finishes its row, four rows of a token at
/// once; `source` numbers the cluster's parts of K.
template <class Sum, int kTokens>
__device__ __forceinline__ void send_partials(const DecodeParams& p, int tile, int source,
                                              int ranks, Barriers barriers,
                                              const Sum (&sums)[kTokens / 2]) {
  const int lane = static_cast<int>(threadIdx.x) % 32;
  const int warp = static_cast<int>(threadIdx.x) / 32 % 4;
  const int value = lane / 4 % 4;  // that this lane has of its four after the exchange
  const int stride = partial_stride(p);
  const int row = tile * kUnitRows + warp * 16 + value / 2 * 8 + lane / 16 * 4;
  const int owner = row / p.shared.rows_owned;
  const std::uint32_t at = barriers.base + p.shared.partials +
                           4 * (source * p.io.m * stride + row - owner * p.shared.rows_owned);
  const std::uint32_t target = map_to_rank(at, owner);
  const std::uint32_t received = map_to_rank(barriers.received(), owner);
#pragma unroll
  for (int i = 0; i < kTokens / 8; ++i) {
    if (i * 8 >= p.io.m) break;
    Sum rows[4] = {sums[4 * i], sums[4 * i + 1], sums[4 * i + 2], sums[4 * i + 3]};
    exchange_four<4>(rows, lane);
    const typename SumVector<Sum>::Type four = {rows[0], rows[1], rows[2], rows[3]};
    const int token = i * 8 + lane % 4 * 2 + value % 2;
    if (token >= p.io.m) continue;
    if (ranks > 1) {
      send_in_cluster(target + 4 * token * stride, four, received);
    } else {
      store_shared(at + 4 * token * stride, four);
    }
  }
}

/// Waits until no warp of the cluster needs its ring any more. `uses` says whether this warp did.
__device__ __forceinline__ void free_rings(Barriers barriers, int ranks, bool uses) {
  if (ranks == 1) {
    __syncthreads();
    return;
  }
  const int lane = static_cast<int>(threadIdx.x) % 32;
  if (uses && lane < ranks) barrier_arrive_in_cluster(map_to_rank(barriers.rings_free(), lane));
  barrier_wait(barriers.rings_free(), 0);
}

/// Adds the partial sums of this CTA's rows in the order of their sources, scales and stores them.
template <class Sum>
__device__ __forceinline__ void finish_rows(const DecodeParams& p, int first_row, int rows,
                                            int sources, const unsigned char* shared) {
  using Vector = typename SumVector<Sum>::Type;
  const int stride = partial_stride(p);
  const int quads = p.shared.rows_owned / 4;
  const auto* vectors = reinterpret_cast<const float*>(shared + p.shared.vectors);
  const auto* partials = reinterpret_cast<const Sum*>(shared + p.shared.partials);
  for (int item = static_cast<int>(threadIdx.x); item < p.io.m * quads;
       item += static_cast<int>(blockDim.x)) {
    const int token = item / quads;
    const int local = (item - token * quads) * 4;
    const int row = first_row + local;
    if (local >= rows || row >= p.io.n) continue;
    Vector sum{};
    for (int source = 0; source < sources; ++source) {
      add_four(sum, *reinterpret_cast<const Vector*>(partials + (source * p.io.m + token) * stride +
                                                     local));
    }
    const float scale_a = vectors[2 * p.shared.rows_owned + token];
    const float4 scale_b = *reinterpret_cast<const float4*>(vectors + local);
    const float4 bias = *reinterpret_cast<const float4*>(vectors + p.shared.rows_owned + local);
    finish_four(p.io, token, row, sum, scale_a, scale_b, bias);
  }
}

template <DataType kType, Sparsity kSparsity, int kTokens>
__global__ void __launch_bounds__(most_warpgroups(kTokens) * 128 + 32)
    decode_kernel(const __grid_constant__ CUtensorMap map, const __grid_constant__ DecodeParams p) {
  using Sum = Accumulator<kType>;
  extern __shared__ __align__(1024) unsigned char shared[];
  const std::uint32_t shared_base = shared_address(shared);
  const int ranks = static_cast<int>(cluster_size());
  const int rank = static_cast<int>(cluster_rank());
  const Part part = part_of(p, static_cast<int>(blockIdx.x) / ranks, rank, ranks);
  const Barriers barriers{shared_base};
  const int warp = static_cast<int>(threadIdx.x) / 32;
  const bool loads = warp == p.tiles * p.groups * 4;
  const bool asks = loads && threadIdx.x % 32 == 0;
  Loader<kSparsity, kTokens> loader(p, map, part, barriers, shared_base);
  if (p.overlap == Overlap::kEarly) launch_dependents();
  const Stamps stamps(p.io.stamps);
  stamps.put(Phase::kStart);
  if (asks) {
    loader.init_barriers(rank, ranks);
    loader.first_weights();
  } else if (threadIdx.x == 0) {
    prefetch_map(&map);
  }
  __syncthreads();
  // Before another CTA sends something here, this one's barriers must be there.
  if (ranks > 1) cluster_arrive_relaxed();
  const int first_row = part.first_tile * kUnitRows + rank * p.shared.rows_owned;
  auto* vectors = reinterpret_cast<float*>(shared + p.shared.vectors);
  if (!loads) load_row_vectors(p.io, first_row, p.shared.rows_owned, vectors);
  stamps.put(Phase::kAsked);
  wait_for_previous_kernel();
  stamps.put(Phase::kReleased);
  // Stored when the products are done: nothing waits for it before.
  const int token = static_cast<int>(threadIdx.x);
  const float scale_a = token_scale(p.io, token);
  Sum sums[kTokens / 2] = {};
  const int tile = warp / 4 % p.tiles;
  const int group = warp / 4 / p.tiles;
  const bool multiplies = !loads && tile < part.tiles;
  if (asks) {
    loader.everything_else();
    // After kHalf without effect, unless the ring held everything.
    if (p.overlap == Overlap::kLoaded || p.overlap == Overlap::kHalf) launch_dependents();
  } else if (multiplies) {
    multiply_tile<kType, kSparsity, kTokens>(p, part, tile, group, barriers, shared, sums);
  }
  __syncwarp();
  stamps.put(Phase::kMultiplied);
  if (ranks > 1) cluster_wait();
  if (p.shared.partials_over_rings) free_rings(barriers, ranks, multiplies);
  if (multiplies) {
    send_partials<Sum, kTokens>(p, tile, rank * p.groups + group, ranks, barriers, sums);
  }
  if (token < p.io.m) vectors[2 * p.shared.rows_owned + token] = scale_a;
  __syncthreads();
  if (ranks > 1) barrier_wait(barriers.received(), 0);
  stamps.put(Phase::kMet);
  finish_rows<Sum>(p, first_row, rows_finished(p, part, rank), ranks * p.groups, shared);
  stamps.put(Phase::kEnd);
}

}  // namespace twofour::providers::cuda::sm90
