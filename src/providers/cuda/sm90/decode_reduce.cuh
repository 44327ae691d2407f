// How the CTAs of a cluster add up their accumulators, and the epilogue.
//
// Accumulators are exchanged as matrix instructions return them: a piece is what the 32 lanes of a
// warp have of 16 rows and 8 tokens, 16 bytes each. Pieces have numbers, (warp of the row tiles) *
// pieces of a warp + eight tokens, and piece i belongs to CTA i % ranks of the cluster, whose warp
// of the same rows, of the first group, adds the pieces of all other parts of K to its own and
// stores the sums: no warp waits for others of its CTA.
#pragma once

#include <cstdint>

#include "providers/cuda/sm90/decode_epilogue.cuh"
#include "providers/cuda/sm90/decode_params.h"
#include "providers/cuda/sm90/layout.h"
#include "providers/cuda/sm90/ptx.cuh"
#include "providers/cuda/sm90/transpose.cuh"

namespace twofour::providers::cuda::sm90 {

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
  /// Counts the bytes of pieces that other CTAs send to this one, and the warps of this CTA that
  /// have stored theirs.
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

/// Pieces of a warp.
__device__ __forceinline__ int pieces_of(const DecodeParams& p) { return (p.io.m + 7) / 8; }

/// One thread.
__device__ __forceinline__ void init_reduction(const DecodeParams& p, const Part& part,
                                               Barriers barriers, int rank, int ranks) {
  const int warps = part.tiles * 4;
  const int owned = (warps * pieces_of(p) - rank + ranks - 1) / ranks;
  barrier_init(barriers.rings_free(), ranks * p.groups * warps);
  barrier_init(barriers.received(), 1 + (p.groups - 1) * warps);
  fence_barrier_init();
  barrier_expect(barriers.received(), (ranks - 1) * p.groups * max(owned, 0) * kPieceOfSums);
}

/// Waits until no warp of the cluster reads its ring any more, so that pieces may overwrite it.
/// `uses`: whether this warp is a consumer.
__device__ __forceinline__ void free_rings(Barriers barriers, int ranks, bool uses) {
  if (ranks == 1) {
    __syncthreads();
    return;
  }
  const int lane = static_cast<int>(threadIdx.x) % 32;
  if (uses && lane < ranks) barrier_arrive_in_cluster(map_to_rank(barriers.rings_free(), lane));
  barrier_wait(barriers.rings_free(), 0);
}

/// scale_b of a warp's 16 rows in its lower lanes, bias in its upper ones. They are constants of
/// the layer, as the weights are, so the previous kernel need not have finished.
struct RowVectors {
  float value = 0.0f;
};

__device__ __forceinline__ RowVectors load_row_vectors(const DecodeArguments& io, int first_row) {
  const int lane = static_cast<int>(threadIdx.x) % 32;
  const int row = first_row + lane % 16;
  if (row >= io.n) return {};
  if (lane >= 16) return {bias_at(io.bias, row, io.fp16_output)};
  return {io.scale_b[io.scale_b_per_channel ? row : 0]};
}

/// Four of them, from row `first` of the warp's on.
__device__ __forceinline__ float4 four_of(const RowVectors& rows, int first) {
  return {__shfl_sync(0xFFFFFFFFu, rows.value, first), __shfl_sync(0xFFFFFFFFu, rows.value, first + 1),
          __shfl_sync(0xFFFFFFFFu, rows.value, first + 2),
          __shfl_sync(0xFFFFFFFFu, rows.value, first + 3)};
}

/// scale_a of all tokens, number 32 * i + lane in value[i]. To be made after
/// wait_for_previous_kernel().
template <int kPaddedM>
struct TokenScales {
  static constexpr int kValues = (kPaddedM + 31) / 32;
  float value[kValues];

  __device__ TokenScales(const DecodeArguments& io, bool wanted) {
    const int lane = static_cast<int>(threadIdx.x) % 32;
#pragma unroll
    for (int i = 0; i < kValues; ++i) value[i] = wanted ? row_scale(io, 32 * i + lane) : 0.0f;
  }
};

/// A consumer warp's part; `number` is that of the warp in the row tiles of the cluster.
template <class Acc, int kPaddedM>
class Reduction {
 public:
  using Sums = Acc (&)[kPaddedM / 2];

  __device__ Reduction(const DecodeParams& p, Barriers barriers, const unsigned char* shared,
                       int rank, int ranks, int number)
      : p_(p), barriers_(barriers), shared_(shared), rank_(rank), ranks_(ranks), number_(number) {}

  /// Sends the pieces that other warps add.
  __device__ __forceinline__ void send(int group, const Acc (&sums)[kPaddedM / 2]) const {
    if (ranks_ * p_.groups == 1) return;
    const int source = rank_ * p_.groups + group;
    const bool staged = p_.shared.staging != 0 && ranks_ > 1;
    const int most = (pieces_of(p_) + ranks_ - 1) / ranks_;
    const std::uint32_t stage =
        barriers_.base + p_.shared.staging +
        ((group * p_.tiles * 4 + number_) * ranks_ * most) * kPieceOfSums + lane_ * 16;
    each([&](int i, int owner, int at, int round, int turn) {
      if (owner == rank_ && group == 0) return;
      const typename AccumulatorVector<Acc>::Type four = {sums[4 * i], sums[4 * i + 1],
                                                          sums[4 * i + 2], sums[4 * i + 3]};
      const std::uint32_t to = address(source, owner, at) + lane_ * 16;
      if (owner == rank_) {
        store_shared(to, four);
      } else if (staged) {
        store_shared(stage + (turn * most + round) * kPieceOfSums, four);
      } else {
        send_in_cluster(map_to_rank(to, owner), four, map_to_rank(barriers_.received(), owner));
      }
    });
    if (staged) send_stage(source, most, stage - lane_ * 16);
    if (group > 0) {
      __syncwarp();
      if (lane_ == 0) barrier_arrive(barriers_.received());
    }
  }

  /// sums += the pieces of others, in the order of the parts of K.
  __device__ __forceinline__ void receive(Sums sums) const {
    using Vector = typename AccumulatorVector<Acc>::Type;
    const int others = ranks_ * p_.groups - 1;
    if (others == 0) return;
    barrier_wait(barriers_.received(), 0);
    const unsigned char* pieces = shared_ + p_.shared.partials + lane_ * 16;
    each([&](int i, int owner, int at, int, int) {
      if (owner != rank_) return;
      Vector sum = {sums[4 * i], sums[4 * i + 1], sums[4 * i + 2], sums[4 * i + 3]};
#pragma unroll 4
      for (int source = 0; source < others; ++source) {
        add_four(sum, *reinterpret_cast<const Vector*>(
                          pieces + (source * p_.shared.pieces_owned + at) * kPieceOfSums));
      }
      sums[4 * i] = sum.x;
      sums[4 * i + 1] = sum.y;
      sums[4 * i + 2] = sum.z;
      sums[4 * i + 3] = sum.w;
    });
  }

  /// The epilogue of this CTA's pieces. After the transpose a lane has four rows of one token.
  __device__ __forceinline__ void store(int first_row, const RowVectors& rows,
                                        const TokenScales<kPaddedM>& scales, Sums sums) const {
    const int value = lane_ / 4 % 4;
    const int row = value / 2 * 8 + lane_ / 16 * 4;
    const int token = lane_ % 4 * 2 + value % 2;
    const float4 scale_b = four_of(rows, row);
    const float4 bias = four_of(rows, row + 16);
    each([&](int i, int owner, int, int, int) {
      if (owner != rank_) return;
      const float scale_a = __shfl_sync(0xFFFFFFFFu, scales.value[i / 4], i % 4 * 8 + token);
      Acc four[4] = {sums[4 * i], sums[4 * i + 1], sums[4 * i + 2], sums[4 * i + 3]};
      transpose_4x4<4>(four, lane_);
      const typename AccumulatorVector<Acc>::Type sum = {four[0], four[1], four[2], four[3]};
      const int m = i * 8 + token;
      if (m < p_.io.m && first_row + row < p_.io.n) {
        store_four(p_.io, m, first_row + row, sum, scale_a, scale_b, bias);
      }
    });
  }

 private:
  /// Calls what(i, owner, at, round, turn) for the warp's pieces: piece `at` of those of `owner`,
  /// the `round`th of this warp for it; `turn` is that of the owner, from the first piece's on.
  template <class What>
  __device__ __forceinline__ void each(What what) const {
    const int pieces = pieces_of(p_);
    const int first = number_ * pieces;
    int at = first / ranks_;
    int owner = first - at * ranks_;
    int round = 0;
    int turn = 0;
#pragma unroll
    for (int i = 0; i < kPaddedM / 8; ++i) {
      if (i < pieces) what(i, owner, at, round, turn);
      if (++owner == ranks_) {
        owner = 0;
        ++at;
      }
      if (++turn == ranks_) {
        turn = 0;
        ++round;
      }
    }
  }

  /// Where CTA `owner` has piece `at` of part `source` of K. There is none for its own sums.
  __device__ __forceinline__ std::uint32_t address(int source, int owner, int at) const {
    const int slot = source - (source > owner * p_.groups ? 1 : 0);
    return barriers_.base + p_.shared.partials + (slot * p_.shared.pieces_owned + at) * kPieceOfSums;
  }

  /// Copies what the lanes have staged, a lane for each owner.
  __device__ __forceinline__ void send_stage(int source, int most, std::uint32_t stage) const {
    fence_shared_for_copies();
    __syncwarp();
    const int pieces = pieces_of(p_);
    const int first = number_ * pieces + lane_;  // the lane's first piece, of owner first % ranks
    const int owner = first % ranks_;
    const int count = (pieces - lane_ + ranks_ - 1) / ranks_;
    if (lane_ >= ranks_ || owner == rank_ || lane_ >= pieces) return;
    copy_in_cluster(map_to_rank(address(source, owner, first / ranks_), owner),
                    stage + lane_ * most * kPieceOfSums, count * kPieceOfSums,
                    map_to_rank(barriers_.received(), owner));
  }

  const DecodeParams& p_;
  Barriers barriers_;
  const unsigned char* shared_;
  int rank_;
  int ranks_;
  int number_;
  int lane_ = static_cast<int>(threadIdx.x) % 32;
};

}  // namespace twofour::providers::cuda::sm90
