// The direct kernel. Each warp is a stream of its own: it asks for its weights, waits for them,
// multiplies and asks again, without a word to the others until the partial sums are added. Weights
// come by bulk copies into the warp's ring, activations straight into registers.
#pragma once

#include <cstdint>

#include "providers/cuda/sm90/decode_finish.cuh"
#include "providers/cuda/sm90/direct_params.h"
#include "providers/cuda/sm90/layout.h"
#include "providers/cuda/sm90/mma.cuh"
#include "providers/cuda/sm90/ptx.cuh"
#include "providers/cuda/sm90/stamps.cuh"

namespace twofour::providers::cuda::sm90 {

/// This warp's part of the problem.
struct Stream {
  int first_tile;   ///< of 16 rows, in the weight
  int first_chunk;  ///< the next ones are k_warps apart
  int chunks;
};

__device__ __forceinline__ int first_tile_of(const DirectParams& p, int cluster, int tiles) {
  // The last cluster's tiles end where the weight ends; what two clusters compute, both store.
  return min(cluster * tiles, p.row_tiles - tiles);
}

template <int kTiles>
__device__ __forceinline__ Stream stream_of(const DirectParams& p, int cluster, int rank, int ranks,
                                            int warp) {
  const int k_warp = warp / p.row_warps;
  const int begin = p.chunks * rank / ranks;
  const int count = p.chunks * (rank + 1) / ranks - begin;
  Stream stream;
  stream.first_tile = first_tile_of(p, cluster, kTiles * p.row_warps) + warp % p.row_warps * kTiles;
  stream.first_chunk = begin + k_warp;
  stream.chunks = (count - k_warp + p.k_warps - 1) / p.k_warps;
  return stream;
}

/// The ring of a warp: weights of kTiles row tiles by one chunk in a slot, values first. Chunk i of
/// the stream goes into slot i % depth.
template <Sparsity kSparsity, int kTiles>
class WarpRing {
 public:
  static constexpr int kSlotBytes = kTiles * unit_bytes(kSparsity) / kTilesPerUnit;
  static constexpr int kTileValueBytes = kValueBytes / kTilesPerUnit;
  static constexpr int kTileMetadataBytes = kMetadataBytes / kTilesPerUnit;

  __device__ WarpRing(const DirectParams& p, const Stream& stream, std::uint32_t ring,
                      std::uint32_t barriers, int lane)
      : p_(p), ring_(ring), barriers_(barriers), lane_(lane) {
    // One lane asks for each unit of 64 rows that the tiles touch.
    const int unit = stream.first_tile / kTilesPerUnit + lane;
    const int begin = max(stream.first_tile, unit * kTilesPerUnit);
    tiles_ = min(stream.first_tile + kTiles, (unit + 1) * kTilesPerUnit) - begin;
    into_ = begin - stream.first_tile;
    skipped_ = begin % kTilesPerUnit;
    unit_ =
        p.io.weights + (std::int64_t{unit} * p.chunks + stream.first_chunk) * unit_bytes(kSparsity);
    if (lane == 0) {
#pragma unroll 1
      for (int slot = 0; slot < p.depth; ++slot) barrier_init(barriers + 8 * slot, 1);
      fence_barrier_init();
    }
    __syncwarp();
  }

  /// Asks for the stream's next chunk, to come into `slot`, which must be free. All lanes call.
  __device__ void ask(int slot) {
    const std::uint32_t barrier = barriers_ + 8 * slot;
    const std::uint32_t to = ring_ + slot * kSlotBytes;
    if (lane_ == 0) barrier_expect(barrier, kSlotBytes);
    __syncwarp();
    if (tiles_ > 0) {
      const std::uint64_t policy = evict_first_policy();
      bulk_copy(to + into_ * kTileValueBytes, unit_ + skipped_ * kTileValueBytes,
                tiles_ * kTileValueBytes, barrier, policy);
      if constexpr (kSparsity == Sparsity::kTwoFour) {
        bulk_copy(to + kTiles * kTileValueBytes + into_ * kTileMetadataBytes,
                  unit_ + kValueBytes + skipped_ * kTileMetadataBytes, tiles_ * kTileMetadataBytes,
                  barrier, policy);
      }
    }
    unit_ += p_.k_warps * unit_bytes(kSparsity);
  }

  /// Waits for what was asked for into `slot` and returns where it is.
  __device__ std::uint32_t take(int slot, std::uint32_t parity) const {
    barrier_wait(barriers_ + 8 * slot, parity);
    return ring_ + slot * kSlotBytes;
  }

 private:
  const DirectParams& p_;
  std::uint32_t ring_;
  std::uint32_t barriers_;
  int lane_;
  int tiles_;  ///< of this lane's unit
  int into_;   ///< the slot, in tiles
  int skipped_;
  const std::uint8_t* unit_;
};

/// Activations of one chunk as they come from memory: 16 columns of a token in each vector.
template <Sparsity kSparsity, int kTokens>
class Activations {
 public:
  static constexpr int kBlocks = chunk_columns(kSparsity) / 64;

  __device__ Activations(const DirectParams& p, int lane)
      : p_(p), column_(lane % 4 * 16), token_(lane / 4) {}

  __device__ void load(int chunk, int block) {
    const int column = chunk * chunk_columns(kSparsity) + block * 64 + column_;
#pragma unroll
    for (int i = 0; i < kTokens / 8; ++i) {
      const int token = i * 8 + token_;
      loaded_[block][i] = uint4{};
      if (token < p_.io.m && column < p_.k) {
        // At most 16 rows: 32 bits hold the offset.
        const auto offset = static_cast<std::uint32_t>(token * p_.k + column);
        loaded_[block][i] = __ldcg(reinterpret_cast<const uint4*>(p_.io.a + offset));
      }
    }
  }

  [[nodiscard]] __device__ const uint4& at(int block, int i) const { return loaded_[block][i]; }

 private:
  const DirectParams& p_;
  int column_;
  int token_;
  uint4 loaded_[kBlocks][kTokens / 8];
};

template <int kTokens, int kTiles>
using DirectSums = std::int32_t[kTiles][kTokens / 8][4];

/// Multiplies the rows of a slot by 64 columns of activations.
template <Sparsity kSparsity, int kTokens, int kTiles>
__device__ __forceinline__ void multiply_block(std::uint32_t slot, int block,
                                               const TokenFragment (&tokens)[kTokens / 8],
                                               const std::uint32_t (&metadata)[kTiles],
                                               DirectSums<kTokens, kTiles>& sums) {
  const int lane = static_cast<int>(threadIdx.x) % 32;
  // Slots are aligned to rows, so that another piece is another value of three bits of the address.
  const std::uint32_t rows = slot + swizzled_offset(lane % 16, lane / 16);
#pragma unroll
  for (int tile = 0; tile < kTiles; ++tile) {
    const int above = tile * (kValueBytes / kTilesPerUnit);
    if constexpr (kSparsity == Sparsity::kTwoFour) {
      const RowFragment a = load_rows((rows ^ 2 * block * kPieceBytes) + above);
#pragma unroll
      for (int i = 0; i < kTokens / 8; ++i) {
        multiply_two_four(sums[tile][i], a, tokens[i], metadata[tile]);
      }
    } else {
#pragma unroll
      for (int half = 0; half < 2; ++half) {
        const int piece = 4 * block + 2 * half;
        const RowFragment a = load_rows((rows ^ piece * kPieceBytes) + above);
#pragma unroll
        for (int i = 0; i < kTokens / 8; ++i) multiply_dense(sums[tile][i], a, tokens[i], half);
      }
    }
  }
}

/// One chunk; loads the activations of the warp's next one, if `next_chunk` is not negative.
template <Sparsity kSparsity, int kTokens, int kTiles>
__device__ __forceinline__ void multiply_chunk(std::uint32_t slot, int next_chunk,
                                               Activations<kSparsity, kTokens>& activations,
                                               DirectSums<kTokens, kTiles>& sums) {
  using Ring = WarpRing<kSparsity, kTiles>;
  const int lane = static_cast<int>(threadIdx.x) % 32;
  const std::uint32_t metadata_at = slot + kTiles * Ring::kTileValueBytes + lane * 16;
  std::uint32_t words[kTiles][2] = {};
#pragma unroll
  for (int block = 0; block < Activations<kSparsity, kTokens>::kBlocks; ++block) {
    TokenFragment tokens[kTokens / 8];
#pragma unroll
    for (int i = 0; i < kTokens / 8; ++i) {
      tokens[i] = exchange_columns(activations.at(block, i), lane);
    }
    if (next_chunk >= 0) activations.load(next_chunk, block);
    std::uint32_t metadata[kTiles] = {};
    if constexpr (kSparsity == Sparsity::kTwoFour) {
#pragma unroll
      for (int tile = 0; tile < kTiles; ++tile) {
        if (block % 2 == 0) {  // two steps at once; all four would cost registers
          const uint2 two =
              load_two_words(metadata_at + tile * Ring::kTileMetadataBytes + block * 4);
          words[tile][0] = two.x;
          words[tile][1] = two.y;
        }
        metadata[tile] = words[tile][block % 2];
      }
    }
    multiply_block<kSparsity, kTokens, kTiles>(slot, block, tokens, metadata, sums);
  }
}

/// Floats of a token's partial sums of a warp: four more than rows, against bank conflicts.
template <int kTiles>
inline constexpr int kSumStride = kTiles* kTileRows + 4;

template <int kTokens, int kTiles>
__device__ __forceinline__ void write_sums(const DirectParams& p, std::int32_t* to,
                                           const DirectSums<kTokens, kTiles>& sums) {
  const int lane = static_cast<int>(threadIdx.x) % 32;
#pragma unroll
  for (int tile = 0; tile < kTiles; ++tile) {
#pragma unroll
    for (int i = 0; i < kTokens / 8; ++i) {
#pragma unroll
      for (int j = 0; j < 4; ++j) {
        const int token = i * 8 + lane % 4 * 2 + j % 2;
        const int row = tile * kTileRows + lane / 4 + j / 2 * 8;
        if (token < p.io.m) to[token * kSumStride<kTiles> + row] = sums[tile][i][j];
      }
    }
  }
}

/// Rows that CTA `rank` of a cluster of `rows` rows finishes.
__device__ __forceinline__ int owned_rows(const DirectParams& p, int rank, int rows) {
  return max(0, min(p.shared.rows_owned, rows - rank * p.shared.rows_owned));
}

/// The sums of a CTA, or after exchange() of a cluster.
class Finish {
 public:
  __device__ Finish(const DirectParams& p, unsigned char* shared, int first_row, int rows)
      : p_(p), shared_(shared), first_row_(first_row), rows_(rows) {}

  /// Adds `count` vectors that are `stride` bytes apart, in their order.
  __device__ static int4 add(const unsigned char* from, int count, int stride) {
    int4 sum{};
#pragma unroll 4
    for (int i = 0; i < count; ++i) {
      add_four(sum, *reinterpret_cast<const int4*>(from + i * stride));
    }
    return sum;
  }

  /// Sum over the CTA's warps of four rows from `local` on.
  template <int kTiles>
  __device__ int4 of_warps(int token, int local) const {
    constexpr int kRows = kTiles * kTileRows;
    const int group = local / kRows;
    const int at = token * kSumStride<kTiles> + local - group * kRows;
    return add(shared_ + kDirectBarrierBytes + group * p_.shared.ring_bytes + at * 4, p_.k_warps,
               p_.row_warps * p_.shared.ring_bytes);
  }

  __device__ void store(int token, int local, const int4& sum) const {
    const auto* vectors = reinterpret_cast<const float*>(shared_ + p_.shared.vectors);
    const int row = first_row_ + local;
    if (row >= p_.io.n) return;
    finish_four(p_.io, token, row, sum, vectors[2 * rows_ + token],
                *reinterpret_cast<const float4*>(vectors + local),
                *reinterpret_cast<const float4*>(vectors + rows_ + local));
  }

  /// Of one CTA alone.
  template <int kTiles>
  __device__ void alone() const {
    for_each(rows_,
             [&](int token, int local) { store(token, local, of_warps<kTiles>(token, local)); });
  }

  /// Of a cluster: each sum goes to the CTA that finishes its row.
  template <int kTiles>
  __device__ void exchanged(int rank, int ranks, std::uint32_t received) const {
    const int owned = p_.shared.rows_owned;
    const int stride = owned + 4;
    const std::uint32_t exchange = shared_address(shared_) + p_.shared.exchange;
    cluster_wait();  // the others' barriers are there
    for_each(rows_, [&](int token, int local) {
      const int owner = local / owned;
      const std::uint32_t at =
          exchange + 4 * ((rank * p_.io.m + token) * stride + local - owner * owned);
      send_in_cluster(map_to_rank(at, owner), of_warps<kTiles>(token, local),
                      map_to_rank(received, owner));
    });
    barrier_wait(received, 0);
    for_each(owned_rows(p_, rank, rows_), [&](int token, int local) {
      const unsigned char* from = shared_ + p_.shared.exchange + 4 * (token * stride + local);
      store(token, rank * owned + local, add(from, ranks, 4 * p_.io.m * stride));
    });
  }

 private:
  template <class Do>
  __device__ void for_each(int rows, const Do& what) const {
    const int quads = rows / 4;
    for (int item = static_cast<int>(threadIdx.x); item < p_.io.m * quads;
         item += static_cast<int>(blockDim.x)) {
      const int token = item / quads;
      what(token, (item - token * quads) * 4);
    }
  }

  const DirectParams& p_;
  unsigned char* shared_;
  int first_row_;
  int rows_;
};

/// Everything between the first weights and the partial sums.
template <Sparsity kSparsity, int kTokens, int kTiles>
__device__ __forceinline__ void multiply_stream(const DirectParams& p, const Stream& stream,
                                                WarpRing<kSparsity, kTiles>& ring,
                                                DirectSums<kTokens, kTiles>& sums) {
  const int lane = static_cast<int>(threadIdx.x) % 32;
  Activations<kSparsity, kTokens> activations(p, lane);
  const auto chunk_at = [&](int i) {
    return i < stream.chunks ? stream.first_chunk + i * p.k_warps : -1;
  };
  if (stream.chunks > 0) {
#pragma unroll
    for (int block = 0; block < Activations<kSparsity, kTokens>::kBlocks; ++block) {
      activations.load(chunk_at(0), block);
    }
  }
  int slot = 0;
  std::uint32_t parity = 0;
#pragma unroll 1
  for (int i = 0; i < stream.chunks; ++i) {
    multiply_chunk<kSparsity, kTokens, kTiles>(ring.take(slot, parity), chunk_at(i + 1),
                                               activations, sums);
    __syncwarp();
    const int unasked = stream.chunks - p.depth - i;
    if (unasked > 0) ring.ask(slot);
    if (threadIdx.x == 0 && unasked == p.unasked_at_trigger + 1) launch_dependents();
    if (++slot == p.depth) {
      slot = 0;
      parity ^= 1u;
    }
  }
}

template <Sparsity kSparsity, int kTokens, int kTiles>
__global__ void __launch_bounds__(32 * most_direct_warps(kTokens, kTiles), 2)
    direct_kernel(const __grid_constant__ DirectParams p) {
  extern __shared__ __align__(1024) unsigned char shared[];
  if (p.starts_next_at_once) launch_dependents();
  const Stamps stamps(p.io.stamps);
  stamps.put(Phase::kStart);
  const int ranks = static_cast<int>(cluster_size());
  const int rank = static_cast<int>(cluster_rank());
  const int cluster = static_cast<int>(blockIdx.x) / ranks;
  const int warp = static_cast<int>(threadIdx.x) / 32;
  const int lane = static_cast<int>(threadIdx.x) % 32;
  const Stream stream = stream_of<kTiles>(p, cluster, rank, ranks, warp);
  unsigned char* ring_memory = shared + kDirectBarrierBytes + warp * p.shared.ring_bytes;
  WarpRing<kSparsity, kTiles> ring(p, stream, shared_address(ring_memory),
                                   shared_address(shared) + 8 * warp * p.depth, lane);
  const int at_once = min(stream.chunks, p.depth);
#pragma unroll 1
  for (int slot = 0; slot < at_once; ++slot) ring.ask(slot);
  if (threadIdx.x == 0 && stream.chunks - at_once <= p.unasked_at_trigger) launch_dependents();
  const int rows = kTiles * p.row_warps * kTileRows;
  // The barrier that counts what the others send; they send when this CTA has arrived.
  const std::uint32_t received = shared_address(shared) + kDirectBarrierBytes - 8;
  if (ranks > 1) {
    if (threadIdx.x == 0) {
      barrier_init(received, 1);
      fence_barrier_init();
      barrier_expect(received, ranks * p.io.m * owned_rows(p, rank, rows) * 4);
    }
    __syncwarp();
    cluster_arrive_relaxed();
  }
  const int first_row = first_tile_of(p, cluster, kTiles * p.row_warps) * kTileRows;
  auto* vectors = reinterpret_cast<float*>(shared + p.shared.vectors);
  load_row_vectors(p.io, first_row, rows, vectors);
  stamps.put(Phase::kAsked);
  wait_for_previous_kernel();
  stamps.put(Phase::kReleased);
  // Stored when the products are done: nothing waits for it before.
  const int token = static_cast<int>(threadIdx.x);
  const float scale_a = token_scale(p.io, token);
  DirectSums<kTokens, kTiles> sums = {};
  multiply_stream<kSparsity, kTokens, kTiles>(p, stream, ring, sums);
  stamps.put(Phase::kMultiplied);
  if (token < p.io.m) vectors[2 * rows + token] = scale_a;
  write_sums<kTokens, kTiles>(p, reinterpret_cast<std::int32_t*>(ring_memory), sums);
  __syncthreads();
  stamps.put(Phase::kMet);
  const Finish finish(p, shared, first_row, rows);
  if (ranks == 1) {
    finish.alone<kTiles>();
  } else {
    finish.exchanged<kTiles>(rank, ranks, received);
  }
  stamps.put(Phase::kEnd);
}

}  // namespace twofour::providers::cuda::sm90
