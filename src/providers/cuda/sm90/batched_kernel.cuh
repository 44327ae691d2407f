// The kernel of batches (batched.h has the terms), from outside in:
//
//   batched_kernel      one CTA for as many tiles as it gets: a consumer warpgroup for each unit of
//                       rows, and two threads that issue copies
//   load_weights        a thread: the units of every tile, chunk by chunk               bulk copies
//   load_activations    a thread: the same chunks of the GEMM's rows of A                 TMA boxes
//   multiply_tile       a warpgroup: sums [64 rows][kTokens] = W unit x A^T over all of K
//   store_tile          a warpgroup: sums -> epilogue -> 16 tokens at a time through shared memory,
//                       where they are turned from [row][token] to [token][row] -> D
//
// The ring goes on from tile to tile, so the next tile's weights, of whichever GEMM, arrive while
// this one is stored. Products of a chunk take a third of the time in which its weights arrive: so
// a warpgroup simply waits for them.
#pragma once

#include <cstdint>

#include "providers/cuda/sm90/accumulator.cuh"
#include "providers/cuda/sm90/batched.h"
#include "providers/cuda/sm90/decode_epilogue.cuh"
#include "providers/cuda/sm90/layout.h"
#include "providers/cuda/sm90/prefill_multiply.cuh"
#include "providers/cuda/sm90/ptx.cuh"
#include "providers/cuda/sm90/wgmma.cuh"

namespace twofour::providers::cuda::sm90 {

/// What the parts of a kernel know at compile time.
template <DataType kOperands, Sparsity kPattern, int kTokensOfTile>
struct Batched {
  static constexpr DataType kType = kOperands;
  static constexpr Sparsity kSparsity = kPattern;
  static constexpr int kTokens = kTokensOfTile;
  static constexpr int kUnit = unit_bytes(kType, kSparsity);
  static constexpr int kChunkRow = chunk_row_bytes(kSparsity);
  static constexpr int kBoxes = kChunkRow / kRowBytes;  // of activations, a chunk
  using Acc = Accumulator<kType>;
};

/// A slot is full when both threads that issue copies have arrived and all their bytes have, and
/// empty when a lane of each consumer warp has arrived.
struct BatchedBarriers {
  std::uint32_t base;
  __device__ __forceinline__ std::uint32_t full(int slot) const { return base + 8 * slot; }
  __device__ __forceinline__ std::uint32_t empty(int slot) const {
    return base + 8 * (kMaxBatchedDepth + slot);
  }
};
static_assert(16 * kMaxBatchedDepth <= BatchedLayout::kBarriers);

/// A slot of the ring, and the parity of the phase that its full barrier completes next. Who fills
/// slots waits for the other parity of the empty barrier: the first round finds all of them empty.
struct BatchedPosition {
  int slot = 0;
  std::uint32_t parity = 0;
  __device__ __forceinline__ void advance(int depth) {
    if (++slot == depth) {
      slot = 0;
      parity ^= 1u;
    }
  }
};

struct BatchedTile {
  int gemm;
  int first_unit;  ///< of the GEMM's row tiles
  int m;           ///< its first row of A
};

/// Tile `index`: those along M, then along W, then of the next GEMM; so CTAs that run at the same
/// time share weights and activations in the L2 cache.
template <class P>
__device__ __forceinline__ BatchedTile batched_tile_at(const BatchedParams& p, int index) {
  const int along_w = index / p.tiles_m;
  return {along_w / p.tiles_n, along_w % p.tiles_n * p.units, index % p.tiles_m * P::kTokens};
}

__device__ __forceinline__ std::uint32_t slot_at(const BatchedParams& p, int slot) {
  return BatchedLayout::kBarriers + slot * p.shared.slot;
}

/// One thread. No kernel of the stream writes weights: this need not wait for the previous one.
template <class P>
__device__ void load_weights(const BatchedParams& p, BatchedBarriers barriers,
                             std::uint32_t shared) {
  const std::uint64_t policy = evict_first_policy();
  BatchedPosition at;
  for (int index = static_cast<int>(blockIdx.x); index < p.tiles;
       index += static_cast<int>(gridDim.x)) {
    const BatchedTile tile = batched_tile_at<P>(p, index);
    const int units = min(p.units, p.row_tiles - tile.first_unit);
    const std::uint8_t* from = p.io.weights + tile.gemm * p.weight_step +
                               std::int64_t{tile.first_unit} * p.chunks * P::kUnit;
    for (int chunk = 0; chunk < p.chunks; ++chunk, from += P::kUnit) {
      barrier_wait(barriers.empty(at.slot), at.parity ^ 1u);
      const std::uint32_t full = barriers.full(at.slot);
      barrier_expect(full, units * P::kUnit);
      for (int unit = 0; unit < units; ++unit) {
        const std::uint32_t to = shared + slot_at(p, at.slot) + unit * P::kUnit;
        const std::uint8_t* source = from + std::int64_t{unit} * p.chunks * P::kUnit;
        // Of several tiles along M, the first to read weights leaves them to the others.
        if (p.tiles_m == 1) {
          bulk_copy(to, source, P::kUnit, full, policy);
        } else {
          bulk_copy(to, source, P::kUnit, full);
        }
      }
      at.advance(p.depth);
    }
  }
}

/// One thread.
template <class P>
__device__ void load_activations(const BatchedParams& p, const CUtensorMap& map,
                                 BatchedBarriers barriers, std::uint32_t shared) {
  BatchedPosition at;
  for (int index = static_cast<int>(blockIdx.x); index < p.tiles;
       index += static_cast<int>(gridDim.x)) {
    const BatchedTile tile = batched_tile_at<P>(p, index);
    for (int chunk = 0; chunk < p.chunks; ++chunk) {
      barrier_wait(barriers.empty(at.slot), at.parity ^ 1u);
      const std::uint32_t full = barriers.full(at.slot);
      barrier_expect(full, P::kTokens * P::kChunkRow);
      const std::uint32_t to = shared + slot_at(p, at.slot) + p.shared.activations;
#pragma unroll
      for (int box = 0; box < P::kBoxes; ++box) {
        box_copy(to + box * P::kTokens * kRowBytes, &map, chunk * P::kChunkRow + box * kRowBytes,
                 tile.m, tile.gemm, full);
      }
      at.advance(p.depth);
    }
  }
}

/// A consumer warpgroup: sums = W [64 rows of unit `unit` of a tile] x A^T. Of a tile with fewer
/// units the others' sums are of what is in shared memory; nobody stores them.
template <class P>
__device__ __forceinline__ void multiply_tile(const BatchedParams& p, BatchedBarriers barriers,
                                              const unsigned char* shared, int unit,
                                              BatchedPosition& at,
                                              typename P::Acc (&sums)[P::kTokens / 2]) {
  const std::uint32_t base = shared_address(shared);
  const int thread = static_cast<int>(threadIdx.x) % 128;
  const int vector = metadata_vector(P::kType, thread);
  for (int chunk = 0; chunk < p.chunks; ++chunk) {
    barrier_wait(barriers.full(at.slot), at.parity);
    const std::uint32_t slot = slot_at(p, at.slot);
    const std::uint32_t a = base + slot + unit * P::kUnit;
    const std::uint32_t b = base + slot + p.shared.activations;
    uint4 metadata{};
    if constexpr (P::kSparsity == Sparsity::kTwoFour) {
      metadata = *reinterpret_cast<const uint4*>(shared + slot + unit * P::kUnit + kValueBytes +
                                                 vector * 16);
    }
    const std::uint32_t words[kStepsPerChunk] = {metadata.x, metadata.y, metadata.z, metadata.w};
    matrix_fence();
#pragma unroll
    for (int step = 0; step < kStepsPerChunk; ++step) {
      const std::uint32_t b_at = P::kSparsity == Sparsity::kTwoFour
                                     ? step / 2 * P::kTokens * kRowBytes + step % 2 * 64
                                     : step * 32;
      multiply_step<P::kType, P::kSparsity, P::kTokens>(sums, matrix_descriptor(a + step * 32),
                                                        matrix_descriptor(b + b_at), words[step],
                                                        chunk > 0 || step > 0 ? 1 : 0);
    }
    matrix_commit();
    matrix_wait();
    if constexpr (P::kSparsity == Sparsity::kTwoFour) keep_metadata(metadata, base, p.chunks < 0);
    if (thread % 32 == 0) barrier_arrive(barriers.empty(at.slot));
    at.advance(p.depth);
  }
}

/// Stores 8 rows of W, from `row` on, of row `m` of D.
__device__ __forceinline__ void store_eight(const BatchedParams& p, std::uint16_t* d, int m,
                                            int row, const uint4& values) {
  std::uint16_t* to = d + std::int64_t{m} * p.io.n + row;
  if (p.io.n % 8 == 0) {
    if (row < p.io.n) *reinterpret_cast<uint4*>(to) = values;
    return;
  }
  const std::uint32_t words[4] = {values.x, values.y, values.z, values.w};
#pragma unroll
  for (int i = 0; i < 8; ++i) {
    if (row + i < p.io.n) to[i] = static_cast<std::uint16_t>(words[i / 2] >> i % 2 * 16);
  }
}

/// The epilogue of a warpgroup's part of a tile, rows `row` and on. `piece` is this warpgroup's.
template <class P>
__device__ __forceinline__ void store_tile(const BatchedParams& p, const BatchedTile& tile, int row,
                                           unsigned char* piece, int warpgroup,
                                           const typename P::Acc (&sums)[P::kTokens / 2]) {
  constexpr int kPieceTokens = BatchedLayout::kPieceTokens;
  const int thread = static_cast<int>(threadIdx.x) % 128;
  const int lane = thread % 32;
  auto* d = static_cast<std::uint16_t*>(p.io.d) + tile.gemm * p.output_step;
  // This lane's sums are of this row and of the one 8 below.
  const int first_row = row + thread / 32 * 16 + lane / 4;
  float scale_b[2];
#pragma unroll
  for (int half = 0; half < 2; ++half) {
    const int at = first_row + 8 * half;
    scale_b[half] = at < p.io.n ? p.io.scale_b[p.io.scale_b_per_channel ? at : 0] : 0.0f;
  }
  const int to =
      swizzled_offset(lane % 8, thread / 32 * 2 + lane / 8 % 2) + lane / 16 * 8 * kRowBytes;
#pragma unroll
  for (int first = 0; first < P::kTokens; first += kPieceTokens) {
    if (tile.m + first >= p.io.m) break;
    std::uint32_t outputs[4] = {};
#pragma unroll
    for (int group = 0; group < 2 && first + 8 * group < P::kTokens; ++group) {
      const int m = tile.m + first + 8 * group + lane % 4 * 2;
      const float scale_a[2] = {row_scale(p.io, m), row_scale(p.io, m + 1)};
#pragma unroll
      for (int half = 0; half < 2; ++half) {
        const int sum = (first / 8 + group) * 4 + half * 2;
        const auto bits = [&](int i) {
          return std::uint32_t{output_bits(
              scale_b[half] * (scale_a[i] * static_cast<float>(sums[sum + i])), p.io.fp16_output)};
        };
        outputs[group * 2 + half] = bits(0) | bits(1) << 16;
      }
    }
    barrier_sync(1 + warpgroup, 128);  // the piece before has been read
    store_transposed(shared_address(piece) + to, outputs);
    barrier_sync(1 + warpgroup, 128);
    const int token = thread / kPiecesPerRow;
    const int part = thread % kPiecesPerRow;
    if (first + token < P::kTokens && tile.m + first + token < p.io.m) {
      store_eight(p, d, tile.m + first + token, row + part * 8,
                  *reinterpret_cast<const uint4*>(piece + swizzled_offset(token, part)));
    }
  }
}

/// A consumer warpgroup: its unit of every tile of this CTA.
template <class P>
__device__ __forceinline__ void consume_tiles(const BatchedParams& p, BatchedBarriers barriers,
                                              unsigned char* shared, int warpgroup) {
  unsigned char* piece = shared + p.shared.pieces + warpgroup * BatchedLayout::kPieceBytes;
  BatchedPosition at;
  typename P::Acc sums[P::kTokens / 2];
  for (int index = static_cast<int>(blockIdx.x); index < p.tiles;
       index += static_cast<int>(gridDim.x)) {
    multiply_tile<P>(p, barriers, shared, warpgroup, at, sums);
    const BatchedTile tile = batched_tile_at<P>(p, index);
    const int unit = tile.first_unit + warpgroup;
    if (unit < p.row_tiles) store_tile<P>(p, tile, unit * kUnitRows, piece, warpgroup, sums);
  }
}

template <DataType kType, Sparsity kSparsity, int kTokens>
__global__ void __launch_bounds__(batched_threads(kMaxBatchedUnits), 1)
    batched_kernel(const __grid_constant__ CUtensorMap map,
                   const __grid_constant__ BatchedParams p) {
  using P = Batched<kType, kSparsity, kTokens>;
  extern __shared__ __align__(1024) unsigned char shared[];
  const std::uint32_t base = shared_address(shared);
  const BatchedBarriers barriers{base};
  // The same for all lanes, which the compiler cannot know.
  const int warp = __shfl_sync(0xFFFFFFFFu, static_cast<int>(threadIdx.x) / 32, 0);
  launch_dependents();
  if (threadIdx.x == 0) {
    for (int slot = 0; slot < p.depth; ++slot) {
      barrier_init(barriers.full(slot), 2);
      barrier_init(barriers.empty(slot), p.units * 4);
    }
    fence_barrier_init();
  }
  __syncthreads();
  if (warp < p.units * 4) {
    wait_for_previous_kernel();
    consume_tiles<P>(p, barriers, shared, warp / 4);
  } else if (threadIdx.x % 32 == 0) {
    if (warp == p.units * 4) {
      load_weights<P>(p, barriers, base);
    } else {
      wait_for_previous_kernel();
      load_activations<P>(p, map, barriers, base);
    }
  }
}

}  // namespace twofour::providers::cuda::sm90
