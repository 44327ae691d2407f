// The kernel itself. A CTA has one warp that asks for copies, and groups of warpgroups, one for
// each of its row tiles; everything it reads passes through two rings in shared memory, one of
// weight units and one of activation chunks.
#pragma once

#include <cuda_bf16.h>
#include <cuda_fp16.h>

#include <cstdint>

#include "providers/cuda/decode_params.h"
#include "providers/cuda/layout.h"
#include "providers/cuda/ptx.cuh"
#include "providers/cuda/wgmma.cuh"

namespace twofour::providers::cuda {

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
};
inline constexpr int kBarrierBytes = 1024;
static_assert(8 * 2 * (kMostUnitsInFlight + kMostDepth) <= kBarrierBytes);

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

  __device__ void init_barriers() const {
    for (int slot = 0; slot < p_.depth; ++slot) {
      for (int tile = 0; tile < p_.tiles; ++tile) {
        barrier_init(barriers_.weights_full(slot * p_.tiles + tile), 1);
        // The warps of one warpgroup.
        barrier_init(barriers_.weights_empty(slot * p_.tiles + tile), 4);
      }
      barrier_init(barriers_.activations_full(slot), 1);
      barrier_init(barriers_.activations_empty(slot), 4 * part_.tiles);
    }
    fence_barrier_init();
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
    for (int chunk = p_.depth; chunk < part_.chunks; ++chunk) {
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
    bulk_copy(shared_ + kBarrierBytes + in_ring * kUnit, p_.weights + unit * kUnit, kUnit, barrier,
              evict_first_policy());
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

/// Sends each partial sum to the CTA of the cluster that finishes its row; `source` numbers the
/// cluster's parts of K.
template <class Sum, int kTokens>
__device__ __forceinline__ void send_partials(const DecodeParams& p, int tile, int source,
                                              std::uint32_t shared,
                                              const Sum (&sums)[kTokens / 2]) {
  const int lane = static_cast<int>(threadIdx.x) % 32;
  const int warp = static_cast<int>(threadIdx.x) / 32 % 4;
  const int stride = partial_stride(p);
#pragma unroll
  for (int half = 0; half < 2; ++half) {
    const int row = tile * kUnitRows + warp * 16 + half * 8 + lane / 4;
    const int owner = row / p.shared.rows_owned;
    const std::uint32_t target = map_to_rank(shared + p.shared.partials, owner) +
                                 4 * (source * p.m * stride + row - owner * p.shared.rows_owned);
#pragma unroll
    for (int i = 0; i < kTokens / 4; ++i) {
      const int token = i / 2 * 8 + lane % 4 * 2 + i % 2;
      if (token < p.m) {
        store_in_cluster(target + 4 * token * stride, sums[i / 2 * 4 + half * 2 + i % 2]);
      }
    }
  }
}

/// scale_b[rows_owned], bias[rows_owned] and scale_a[m] as floats.
__device__ __forceinline__ void load_vectors(const DecodeParams& p, int first_row, int threads,
                                             float* vectors) {
  const int rows = p.shared.rows_owned;
  const auto* bias_bf16 = static_cast<const __nv_bfloat16*>(p.bias);
  const auto* bias_fp16 = static_cast<const __half*>(p.bias);
  for (int i = static_cast<int>(threadIdx.x); i < rows; i += threads) {
    const int row = first_row + i;
    const bool inside = row < p.n;
    vectors[i] = inside ? p.scale_b[p.scale_b_per_channel ? row : 0] : 0.0f;
    float bias = 0.0f;
    if (p.bias != nullptr && inside) {
      bias = p.fp16_output ? __half2float(bias_fp16[row]) : __bfloat162float(bias_bf16[row]);
    }
    vectors[rows + i] = bias;
  }
  for (int i = static_cast<int>(threadIdx.x); i < p.m; i += threads) {
    vectors[2 * rows + i] = p.scale_a[p.scale_a_per_token ? i : 0];
  }
}

__device__ __forceinline__ std::uint16_t output_bits(float value, bool fp16) {
  return fp16 ? __half_as_ushort(__float2half_rn(value))
              : __bfloat16_as_ushort(__float2bfloat16_rn(value));
}

template <class Sum>
struct SumVector;
template <>
struct SumVector<float> {
  using Type = float4;
};
template <>
struct SumVector<std::int32_t> {
  using Type = int4;
};

/// Adds the partial sums of this CTA's rows in the order of their sources, scales and stores them.
template <class Sum>
__device__ __forceinline__ void finish_rows(const DecodeParams& p, int first_row, int rows,
                                            int sources, const unsigned char* shared) {
  using Vector = typename SumVector<Sum>::Type;
  const int stride = partial_stride(p);
  const int quads = p.shared.rows_owned / 4;
  const auto* vectors = reinterpret_cast<const float*>(shared + p.shared.vectors);
  const auto* partials = reinterpret_cast<const Sum*>(shared + p.shared.partials);
  auto* d = static_cast<std::uint16_t*>(p.d);
  const bool whole_vectors = p.n % 4 == 0;
  for (int item = static_cast<int>(threadIdx.x); item < p.m * quads;
       item += static_cast<int>(blockDim.x)) {
    const int token = item / quads;
    const int local = (item - token * quads) * 4;
    const int row = first_row + local;
    if (local >= rows || row >= p.n) continue;
    Vector sum{};
    for (int source = 0; source < sources; ++source) {
      const auto part =
          *reinterpret_cast<const Vector*>(partials + (source * p.m + token) * stride + local);
      sum.x += part.x;
      sum.y += part.y;
      sum.z += part.z;
      sum.w += part.w;
    }
    const float scale_a = vectors[2 * p.shared.rows_owned + token];
    const float4 scale_b = *reinterpret_cast<const float4*>(vectors + local);
    const float4 bias = *reinterpret_cast<const float4*>(vectors + p.shared.rows_owned + local);
    const auto finish = [&](Sum value, float scale, float addend) {
      return output_bits(fmaf(scale, scale_a * static_cast<float>(value), addend), p.fp16_output);
    };
    const ushort4 out = {finish(sum.x, scale_b.x, bias.x), finish(sum.y, scale_b.y, bias.y),
                         finish(sum.z, scale_b.z, bias.z), finish(sum.w, scale_b.w, bias.w)};
    std::uint16_t* to = d + std::int64_t{token} * p.n + row;
    if (whole_vectors) {
      *reinterpret_cast<ushort4*>(to) = out;
    } else {
      const std::uint16_t values[4] = {out.x, out.y, out.z, out.w};
      for (int i = 0; i < 4 && row + i < p.n; ++i) to[i] = values[i];
    }
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
  const int cluster = static_cast<int>(blockIdx.x) / ranks;
  const Part part = part_of(p, cluster, rank, ranks);
  const Barriers barriers{shared_base};
  const int warp = static_cast<int>(threadIdx.x) / 32;
  const bool loads = warp == p.tiles * p.groups * 4;
  const bool asks = loads && threadIdx.x % 32 == 0;
  Loader<kSparsity, kTokens> loader(p, map, part, barriers, shared_base);
  if (p.overlap == Overlap::kEarly) launch_dependents();
  if (asks) {
    loader.init_barriers();
    loader.first_weights();
  } else if (threadIdx.x == 0) {
    prefetch_map(&map);
  }
  __syncthreads();
  // Before another CTA writes here, this one must have begun; where partial sums lie over the
  // rings, it must have finished with those.
  if (ranks > 1 && !p.shared.partials_over_rings) cluster_arrive();
  const int first_row = part.first_tile * kUnitRows + rank * p.shared.rows_owned;
  wait_for_previous_kernel();
  Sum sums[kTokens / 2] = {};
  const int tile = warp / 4 % p.tiles;
  const int group = warp / 4 / p.tiles;
  if (asks) {
    loader.everything_else();
    if (p.overlap == Overlap::kLoaded) launch_dependents();
  } else if (!loads) {
    load_vectors(p, first_row, p.tiles * p.groups * 128,
                 reinterpret_cast<float*>(shared + p.shared.vectors));
    if (tile < part.tiles) {
      multiply_tile<kType, kSparsity, kTokens>(p, part, tile, group, barriers, shared, sums);
    }
  }
  __syncwarp();
  if (p.shared.partials_over_rings) {
    if (ranks > 1) {
      cluster_arrive();
    } else {
      __syncthreads();
    }
  }
  if (ranks > 1) cluster_wait();
  if (!loads && tile < part.tiles) {
    send_partials<Sum, kTokens>(p, tile, rank * p.groups + group, shared_base, sums);
  }
  if (ranks > 1) {
    cluster_arrive();
    cluster_wait();
  } else {
    __syncthreads();
  }
  const int rows = min(p.shared.rows_owned, p.tiles * kUnitRows - rank * p.shared.rows_owned);
  finish_rows<Sum>(p, first_row, rows, ranks * p.groups, shared);
}

}  // namespace twofour::providers::cuda
