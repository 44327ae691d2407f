// The direct kernel (direct.h), from outside in:
//
//   direct_kernel      one CTA: row_warps * k_warps warps, each with a pipeline of its own and no
//                      barrier with others before partial sums are added
//   WarpRing           the warp's weights, by bulk copies that the warp itself issues:
//                      [depth stages][kTiles tiles of 16 rows x one chunk]
//   Activations        the warp's activations, loaded from global memory straight into registers
//   multiply_chunks    the warp: accumulators [kTiles * 16 rows][kPaddedM] += W x A^T for its
//                      chunks
//   write_partials     accumulators to shared memory, over the warp's ring: [m][kTiles * 16 + 4]
//   Epilogue           adds the partial sums of the CTA's warps, in a cluster also those of its
//   CTAs
//                      (partials [ranks][m][rows_owned + 4]), and runs the epilogue
//
// Everything is in bytes where it can be: a matrix instruction meets 32 bytes of values of a row,
// whatever their type.
//
// Here too everything before wait_for_previous_kernel() overlaps the previous kernel's end.
#pragma once

#include <cstdint>

#include "providers/cuda/sm90/decode_epilogue.cuh"
#include "providers/cuda/sm90/direct_params.h"
#include "providers/cuda/sm90/layout.h"
#include "providers/cuda/sm90/mma.cuh"
#include "providers/cuda/sm90/ptx.cuh"
#include "providers/cuda/sm90/stamps.cuh"

namespace twofour::providers::cuda::sm90 {

/// The part of the problem that a warp multiplies.
struct Stream {
  int first_tile;   ///< tile of 16 rows of W
  int first_chunk;  ///< chunk of K; the next ones are k_warps apart
  int chunks;
};

__device__ __forceinline__ int first_tile_of(const DirectParams& p, int cluster, int tiles) {
  // The last cluster's tiles end with the last tile of W, so it may compute and store some rows
  // that another cluster computes and stores too.
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

/// The ring of a warp. A stage has kTiles row tiles by one chunk: values [kTiles][16 rows][128
/// bytes], for 2:4 then metadata [kTiles][vectors of 4 words]. Chunk i of the stream goes into
/// stage i % depth.
template <DataType kType, Sparsity kSparsity, int kTiles>
class WarpRing {
 public:
  static constexpr int kUnit = unit_bytes(kType, kSparsity);
  static constexpr int kStageBytes = kTiles * kUnit / kTilesPerUnit;
  static constexpr int kTileValueBytes = kValueBytes / kTilesPerUnit;
  static constexpr int kTileMetadataBytes = metadata_bytes(kType) / kTilesPerUnit;

  __device__ WarpRing(const DirectParams& p, const Stream& stream, std::uint32_t ring,
                      std::uint32_t barriers, int lane)
      : p_(p), ring_(ring), barriers_(barriers), lane_(lane) {
    // The tiles can lie in several units of 64 rows; lane l issues the copies from the l-th of
    // them.
    const int unit = stream.first_tile / kTilesPerUnit + lane;
    const int begin = max(stream.first_tile, unit * kTilesPerUnit);
    tiles_ = min(stream.first_tile + kTiles, (unit + 1) * kTilesPerUnit) - begin;
    into_ = begin - stream.first_tile;
    skipped_ = begin % kTilesPerUnit;
    unit_ = p.io.weights + (std::int64_t{unit} * p.chunks + stream.first_chunk) * kUnit;
    if (lane == 0) {
#pragma unroll 1
      for (int stage = 0; stage < p.depth; ++stage) barrier_init(barriers + 8 * stage, 1);
      fence_barrier_init();
    }
    __syncwarp();
  }

  /// Issues the copies of the stream's next chunk into `stage`, which must be free. All lanes call.
  __device__ void issue(int stage) {
    const std::uint32_t barrier = barriers_ + 8 * stage;
    const std::uint32_t to = ring_ + stage * kStageBytes;
    if (lane_ == 0) barrier_expect(barrier, kStageBytes);
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
    unit_ += p_.k_warps * kUnit;
  }

  /// Waits for the copies into `stage` and returns its address.
  __device__ std::uint32_t wait(int stage, std::uint32_t parity) const {
    barrier_wait(barriers_ + 8 * stage, parity);
    return ring_ + stage * kStageBytes;
  }

 private:
  const DirectParams& p_;
  std::uint32_t ring_;
  std::uint32_t barriers_;
  int lane_;
  int tiles_;    ///< tiles in this lane's unit
  int into_;     ///< where they begin in the stage, in tiles
  int skipped_;  ///< where they begin in the unit, in tiles
  const std::uint8_t* unit_;
};

/// Activations of one chunk as they are in memory: registers [block of 64 bytes][8 rows][16 bytes
/// of a row in a lane]. Lane l has row l / 4 of each 8 and bytes l % 4 * 16 .. + 15 of each 64.
template <Sparsity kSparsity, int kPaddedM>
class Activations {
 public:
  static constexpr int kBlocks = chunk_row_bytes(kSparsity) / 64;

  __device__ Activations(const DirectParams& p, int lane)
      : p_(p), byte_(lane % 4 * 16), m_(lane / 4) {}

  __device__ void load(int chunk, int block) {
    const int byte = chunk * chunk_row_bytes(kSparsity) + block * 64 + byte_;
#pragma unroll
    for (int i = 0; i < kPaddedM / 8; ++i) {
      const int m = i * 8 + m_;
      loaded_[block][i] = uint4{};
      if (m < p_.io.m && byte < p_.row_bytes) {
        // M is at most 16, so 32 bits are enough for the offset.
        const auto offset = static_cast<std::uint32_t>(m * p_.row_bytes + byte);
        loaded_[block][i] = __ldcg(reinterpret_cast<const uint4*>(p_.io.a + offset));
      }
    }
  }

  [[nodiscard]] __device__ const uint4& at(int block, int i) const { return loaded_[block][i]; }

 private:
  const DirectParams& p_;
  int byte_;
  int m_;
  uint4 loaded_[kBlocks][kPaddedM / 8];
};

template <class Acc, int kPaddedM, int kTiles>
using DirectAccumulators = Acc[kTiles][kPaddedM / 8][4];

/// accumulators += W x A^T for 64 bytes of a row of A: block `block` of the stage times the
/// fragments `b` of A.
template <DataType kType, Sparsity kSparsity, int kPaddedM, int kTiles>
__device__ __forceinline__ void multiply_block(
    std::uint32_t stage, int block, const ActivationFragment (&b)[kPaddedM / 8],
    const std::uint32_t (&metadata)[kTiles],
    DirectAccumulators<Accumulator<kType>, kPaddedM, kTiles>& accumulators) {
  const int lane = static_cast<int>(threadIdx.x) % 32;
  // Stages are aligned to 128 bytes, so in swizzled rows another piece is an XOR with three bits of
  // the address.
  const std::uint32_t rows = stage + swizzled_offset(lane % 16, lane / 16);
#pragma unroll
  for (int tile = 0; tile < kTiles; ++tile) {
    const int above = tile * (kValueBytes / kTilesPerUnit);
    if constexpr (kSparsity == Sparsity::kTwoFour) {
      const WeightFragment a = load_weights((rows ^ 2 * block * kPieceBytes) + above);
#pragma unroll
      for (int i = 0; i < kPaddedM / 8; ++i) {
        multiply_two_four<kType>(accumulators[tile][i], a, b[i], metadata[tile]);
      }
    } else {
#pragma unroll
      for (int half = 0; half < 2; ++half) {
        const int piece = 4 * block + 2 * half;
        const WeightFragment a = load_weights((rows ^ piece * kPieceBytes) + above);
#pragma unroll
        for (int i = 0; i < kPaddedM / 8; ++i) {
          multiply_dense<kType>(accumulators[tile][i], a, b[i], half);
        }
      }
    }
  }
}

/// Multiplies one chunk. Meanwhile loads the activations of the warp's next chunk, if `next_chunk`
/// is not negative.
template <DataType kType, Sparsity kSparsity, int kPaddedM, int kTiles>
__device__ __forceinline__ void multiply_chunk(
    std::uint32_t stage, int next_chunk, Activations<kSparsity, kPaddedM>& activations,
    DirectAccumulators<Accumulator<kType>, kPaddedM, kTiles>& accumulators) {
  using Ring = WarpRing<kType, kSparsity, kTiles>;
  const int lane = static_cast<int>(threadIdx.x) % 32;
  const std::uint32_t metadata_at =
      stage + kTiles * Ring::kTileValueBytes + metadata_vector(kType, lane) * 16;
  std::uint32_t words[kTiles][2] = {};
#pragma unroll
  for (int block = 0; block < Activations<kSparsity, kPaddedM>::kBlocks; ++block) {
    ActivationFragment b[kPaddedM / 8];
#pragma unroll
    for (int i = 0; i < kPaddedM / 8; ++i) {
      b[i] = transpose_columns(activations.at(block, i), lane);
    }
    if (next_chunk >= 0) activations.load(next_chunk, block);
    std::uint32_t metadata[kTiles] = {};
    if constexpr (kSparsity == Sparsity::kTwoFour) {
#pragma unroll
      for (int tile = 0; tile < kTiles; ++tile) {
        if (block % 2 == 0) {  // two k-steps in a load; all four would cost registers
          const uint2 two =
              load_two_words(metadata_at + tile * Ring::kTileMetadataBytes + block * 4);
          words[tile][0] = two.x;
          words[tile][1] = two.y;
        }
        metadata[tile] = words[tile][block % 2];
      }
    }
    multiply_block<kType, kSparsity, kPaddedM, kTiles>(stage, block, b, metadata, accumulators);
  }
}

/// Accumulators from one m to the next in a warp's partial sums: four more than there are rows, so
/// that a warp writes to different banks.
template <int kTiles>
inline constexpr int kPartialStride = kTiles* kTileRows + 4;

template <class Acc, int kPaddedM, int kTiles>
__device__ __forceinline__ void write_partials(
    const DirectParams& p, Acc* to, const DirectAccumulators<Acc, kPaddedM, kTiles>& accumulators) {
  const int lane = static_cast<int>(threadIdx.x) % 32;
#pragma unroll
  for (int tile = 0; tile < kTiles; ++tile) {
#pragma unroll
    for (int i = 0; i < kPaddedM / 8; ++i) {
#pragma unroll
      for (int j = 0; j < 4; ++j) {
        const int m = i * 8 + lane % 4 * 2 + j % 2;
        const int row = tile * kTileRows + lane / 4 + j / 2 * 8;
        if (m < p.io.m) to[m * kPartialStride<kTiles> + row] = accumulators[tile][i][j];
      }
    }
  }
}

/// Rows whose epilogue CTA `rank` runs, in a cluster of `rows` rows.
__device__ __forceinline__ int owned_rows(const DirectParams& p, int rank, int rows) {
  return max(0, min(p.shared.rows_owned, rows - rank * p.shared.rows_owned));
}

/// Adds the partial sums of a CTA, or of a cluster, and runs the epilogue. Works on four rows of
/// one m at a time; `local` is the first of them, counted from the cluster's first row.
template <class Acc>
class Epilogue {
 public:
  using Vector = typename AccumulatorVector<Acc>::Type;

  __device__ Epilogue(const DirectParams& p, unsigned char* shared, int first_row, int rows)
      : p_(p), shared_(shared), first_row_(first_row), rows_(rows) {}

  /// Sum of `count` vectors that are `stride` bytes apart.
  __device__ static Vector add(const unsigned char* from, int count, int stride) {
    Vector sum{};
#pragma unroll 4
    for (int i = 0; i < count; ++i) {
      add_four(sum, *reinterpret_cast<const Vector*>(from + i * stride));
    }
    return sum;
  }

  /// Sum over the warps of this CTA that have part of these rows.
  template <int kTiles>
  __device__ Vector of_warps(int m, int local) const {
    constexpr int kRows = kTiles * kTileRows;
    const int group = local / kRows;
    const int at = m * kPartialStride<kTiles> + local - group * kRows;
    return add(shared_ + kDirectBarrierBytes + group * p_.shared.ring_bytes + at * 4, p_.k_warps,
               p_.row_warps * p_.shared.ring_bytes);
  }

  __device__ void store(int m, int local, const Vector& sum) const {
    const auto* vectors = reinterpret_cast<const float*>(shared_ + p_.shared.vectors);
    const int row = first_row_ + local;
    if (row >= p_.io.n) return;
    store_four(p_.io, m, row, sum, vectors[2 * rows_ + m],
               *reinterpret_cast<const float4*>(vectors + local),
               *reinterpret_cast<const float4*>(vectors + rows_ + local));
  }

  /// The epilogue of a CTA that is a cluster of its own.
  template <int kTiles>
  __device__ void of_cta() const {
    for_each(rows_, [&](int m, int local) { store(m, local, of_warps<kTiles>(m, local)); });
  }

  /// The epilogue of a CTA of a larger cluster: sends each sum to the CTA that owns its row, and
  /// adds what it receives itself.
  template <int kTiles>
  __device__ void of_cluster(int rank, int ranks, std::uint32_t received) const {
    const int owned = p_.shared.rows_owned;
    const int stride = owned + 4;
    const std::uint32_t partials = shared_address(shared_) + p_.shared.partials;
    cluster_wait();  // the other CTAs have initialised their barriers
    for_each(rows_, [&](int m, int local) {
      const int owner = local / owned;
      const std::uint32_t at =
          partials + 4 * ((rank * p_.io.m + m) * stride + local - owner * owned);
      send_in_cluster(map_to_rank(at, owner), of_warps<kTiles>(m, local),
                      map_to_rank(received, owner));
    });
    barrier_wait(received, 0);
    for_each(owned_rows(p_, rank, rows_), [&](int m, int local) {
      const unsigned char* from = shared_ + p_.shared.partials + 4 * (m * stride + local);
      store(m, rank * owned + local, add(from, ranks, 4 * p_.io.m * stride));
    });
  }

 private:
  template <class Do>
  __device__ void for_each(int rows, const Do& what) const {
    const int quads = rows / 4;
    for (int item = static_cast<int>(threadIdx.x); item < p_.io.m * quads;
         item += static_cast<int>(blockDim.x)) {
      const int m = item / quads;
      what(m, (item - m * quads) * 4);
    }
  }

  const DirectParams& p_;
  unsigned char* shared_;
  int first_row_;
  int rows_;
};

/// The main loop of a warp: waits for a stage, multiplies it, and issues the copies of a later
/// chunk into it.
template <DataType kType, Sparsity kSparsity, int kPaddedM, int kTiles>
__device__ __forceinline__ void multiply_chunks(
    const DirectParams& p, const Stream& stream, WarpRing<kType, kSparsity, kTiles>& ring,
    DirectAccumulators<Accumulator<kType>, kPaddedM, kTiles>& accumulators) {
  const int lane = static_cast<int>(threadIdx.x) % 32;
  Activations<kSparsity, kPaddedM> activations(p, lane);
  const auto chunk_at = [&](int i) {
    return i < stream.chunks ? stream.first_chunk + i * p.k_warps : -1;
  };
  if (stream.chunks > 0) {
#pragma unroll
    for (int block = 0; block < Activations<kSparsity, kPaddedM>::kBlocks; ++block) {
      activations.load(chunk_at(0), block);
    }
  }
  int stage = 0;
  std::uint32_t parity = 0;
#pragma unroll 1
  for (int i = 0; i < stream.chunks; ++i) {
    multiply_chunk<kType, kSparsity, kPaddedM, kTiles>(ring.wait(stage, parity), chunk_at(i + 1),
                                                       activations, accumulators);
    __syncwarp();
    const int unissued = stream.chunks - p.depth - i;
    if (unissued > 0) ring.issue(stage);
    if (threadIdx.x == 0 && unissued == p.unissued_at_trigger + 1) launch_dependents();
    if (++stage == p.depth) {
      stage = 0;
      parity ^= 1u;
    }
  }
}

template <DataType kType, Sparsity kSparsity, int kPaddedM, int kTiles>
__global__ void __launch_bounds__(32 * max_direct_warps(kPaddedM, kTiles), 2)
    direct_kernel(const __grid_constant__ DirectParams p) {
  using Acc = Accumulator<kType>;
  extern __shared__ __align__(1024) unsigned char shared[];
  if (p.triggers_at_start) launch_dependents();
  const Stamps stamps(p.io.stamps);
  stamps.put(Phase::kStart);
  const int ranks = static_cast<int>(cluster_size());
  const int rank = static_cast<int>(cluster_rank());
  const int cluster = static_cast<int>(blockIdx.x) / ranks;
  const int warp = static_cast<int>(threadIdx.x) / 32;
  const int lane = static_cast<int>(threadIdx.x) % 32;
  const Stream stream = stream_of<kTiles>(p, cluster, rank, ranks, warp);
  unsigned char* ring_memory = shared + kDirectBarrierBytes + warp * p.shared.ring_bytes;
  WarpRing<kType, kSparsity, kTiles> ring(p, stream, shared_address(ring_memory),
                                          shared_address(shared) + 8 * warp * p.depth, lane);
  const int first_stages = min(stream.chunks, p.depth);
#pragma unroll 1
  for (int stage = 0; stage < first_stages; ++stage) ring.issue(stage);
  if (threadIdx.x == 0 && stream.chunks - first_stages <= p.unissued_at_trigger)
    launch_dependents();
  const int rows = kTiles * p.row_warps * kTileRows;
  // Counts the bytes of partial sums that the cluster sends to this CTA. No CTA sends before all
  // have arrived at the cluster barrier.
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
  load_channel_vectors(p.io, first_row, rows, vectors);
  stamps.put(Phase::kIssued);
  wait_for_previous_kernel();
  stamps.put(Phase::kReleased);
  // Loaded now, so that the load overlaps the products; stored to shared memory after them.
  const int m = static_cast<int>(threadIdx.x);
  const float scale_a = row_scale(p.io, m);
  DirectAccumulators<Acc, kPaddedM, kTiles> accumulators = {};
  multiply_chunks<kType, kSparsity, kPaddedM, kTiles>(p, stream, ring, accumulators);
  stamps.put(Phase::kMultiplied);
  if (m < p.io.m) vectors[2 * rows + m] = scale_a;
  write_partials<Acc, kPaddedM, kTiles>(p, reinterpret_cast<Acc*>(ring_memory), accumulators);
  __syncthreads();
  stamps.put(Phase::kPartialsReady);
  const Epilogue<Acc> epilogue(p, shared, first_row, rows);
  if (ranks == 1) {
    epilogue.template of_cta<kTiles>();
  } else {
    epilogue.template of_cluster<kTiles>(rank, ranks, received);
  }
  stamps.put(Phase::kEnd);
}

}  // namespace twofour::providers::cuda::sm90
