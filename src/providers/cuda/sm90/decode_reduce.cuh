// How the CTAs of a cluster add up their accumulators, and the epilogue.
//
// Accumulators are exchanged as matrix instructions return them: a piece is what the lanes of a
// warp have of 16 rows and 8 tokens, 16 bytes each. Each piece belongs to one CTA of the cluster
// (Sharing), whose warp of the same rows, of the first group, adds the pieces of all other parts of
// K to its own. It scales and rounds the sums and turns them into [token][row] in shared memory,
// from where its warpgroup stores 128 contiguous bytes of each token.
//
// This code runs once in a launch, so its time is that of fetching its instructions: the loops over
// pieces, which accumulators in registers demand to be unrolled, have to be short.
#pragma once

#include <cstdint>

#include "providers/cuda/sm90/decode_epilogue.cuh"
#include "providers/cuda/sm90/decode_params.h"
#include "providers/cuda/sm90/layout.h"
#include "providers/cuda/sm90/ptx.cuh"

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

/// One thread.
__device__ __forceinline__ void init_reduction(const DecodeParams& p, const Part& part,
                                               Barriers barriers, int rank, int ranks) {
  const Sharing share = sharing(p.io.m, ranks);
  const int warps = part.tiles * 4;
  const int owned_warps = (warps - rank % share.stride + share.stride - 1) / share.stride;
  const int first = rank / share.stride * share.pieces * 8;
  const int tokens = max(0, min(p.io.m - first, share.pieces * 8));
  barrier_init(barriers.rings_free(), ranks * p.groups * warps);
  barrier_init(barriers.received(), 1 + (p.groups - 1) * warps);
  fence_barrier_init();
  // Eight lanes have a pair of tokens.
  barrier_expect(barriers.received(),
                 (ranks - 1) * p.groups * owned_warps * ((tokens + 1) / 2) * 8 * 16);
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

/// Two values in the output type, the first in the lower half.
__device__ __forceinline__ std::uint32_t output_pair(float first, float second, bool fp16) {
  if (fp16) {
    const __half2 pair = __floats2half2_rn(first, second);
    return *reinterpret_cast<const std::uint32_t*>(&pair);
  }
  const __nv_bfloat162 pair = __floats2bfloat162_rn(first, second);
  return *reinterpret_cast<const std::uint32_t*>(&pair);
}

/// Eight rows of token `m`, from `row` on; those beyond N are not stored.
__device__ __forceinline__ void store_eight(const DecodeArguments& io, int m, int row,
                                            const uint4& eight) {
  auto* to = static_cast<std::uint16_t*>(io.d) + std::int64_t{m} * io.n + row;
  if (io.n % 8 == 0) {
    if (row < io.n) *reinterpret_cast<uint4*>(to) = eight;
    return;
  }
  const std::uint32_t pairs[4] = {eight.x, eight.y, eight.z, eight.w};
#pragma unroll
  for (int i = 0; i < 8; ++i) {
    if (row + i < io.n) to[i] = static_cast<std::uint16_t>(pairs[i / 2] >> (i % 2 * 16));
  }
}

/// A consumer warp's part; `number` is that of the warp in the row tiles of the cluster.
template <class Acc, int kPaddedM>
class Reduction {
 public:
  __device__ Reduction(const DecodeParams& p, Barriers barriers, const unsigned char* shared,
                       int rank, int ranks, int number)
      : p_(p),
        barriers_(barriers),
        shared_(shared),
        rank_(rank),
        ranks_(ranks),
        number_(number),
        share_(sharing(p.io.m, ranks)) {}

  /// Sends the pieces that other warps add, of part `rank * groups + group` of K.
  __device__ __forceinline__ void send(int group, const Acc (&sums)[kPaddedM / 2]) const {
    if (ranks_ * p_.groups == 1) return;
    const int first = number_ / share_.stride * share_.pieces;
    int owner = number_ % share_.stride;
    int at = 0;
#pragma unroll
    for (int i = 0; i < kPaddedM / 8; ++i) {
      if (i * 8 >= p_.io.m) break;
      if ((owner != rank_ || group > 0) && i * 8 + lane_ % 4 * 2 < p_.io.m) {
        const typename AccumulatorVector<Acc>::Type four = {sums[4 * i], sums[4 * i + 1],
                                                            sums[4 * i + 2], sums[4 * i + 3]};
        send_piece(group, owner, first + at, four);
      }
      if (++at == share_.pieces) {
        at = 0;
        owner += share_.stride;
      }
    }
    if (group > 0) {
      __syncwarp();
      if (lane_ == 0) barrier_arrive(barriers_.received());
    }
  }

  /// Waits until the pieces that this CTA adds are there.
  __device__ __forceinline__ void wait() const {
    if (ranks_ * p_.groups > 1) barrier_wait(barriers_.received(), 0);
  }

  /// Adds them to `sums`, in the order of the parts of K, and stores D of tokens [first_token(), +
  /// pieces * 8). All warps of a warpgroup call it, of which barrier `id` of the CTA makes one.
  /// `row`: the tile's first row. `stage`: offset in shared memory of its place there.
  __device__ __forceinline__ void store(int id, int row, int stage, const RowVectors& rows,
                                        const TokenScales<kPaddedM>& scales,
                                        const Acc (&sums)[kPaddedM / 2]) const {
    const int begin = rank_ / share_.stride * share_.pieces;
    const int tokens = min(p_.io.m - begin * 8, share_.pieces * 8);
    barrier_sync(id, 128);  // no warp reads what was there
    if constexpr (kPaddedM <= kStagedTokens) {
      if (adds(number_)) stage_pieces(begin, begin, stage, rows, scales, sums);
      barrier_sync(id, 128);
      copy_out(row, begin * 8, tokens, stage);
    } else {
#pragma unroll 1
      for (int first = 0; first < tokens; first += kStagedTokens) {
        if (first > 0) barrier_sync(id, 128);
        if (adds(number_)) stage_pieces(begin, begin + first / 8, stage, rows, scales, sums);
        barrier_sync(id, 128);
        copy_out(row, begin * 8 + first, min(tokens - first, kStagedTokens), stage);
      }
    }
  }

 private:
  /// Whether this CTA adds the pieces of warp `number`.
  __device__ __forceinline__ bool adds(int number) const {
    return number % share_.stride == rank_ % share_.stride;
  }

  template <class Vector>
  __device__ __forceinline__ void send_piece(int group, int owner, int at,
                                             const Vector& four) const {
    // The owner's own sums, part owner * groups of K, stay in registers.
    int slot = rank_ * p_.groups + group;
    if (slot > owner * p_.groups) --slot;
    const std::uint32_t to = barriers_.base + p_.shared.partials +
                             (slot * p_.shared.pieces_owned + at) * kPieceOfSums + lane_ * 16;
    if (owner == rank_) {
      store_shared(to, four);
    } else {
      send_in_cluster(map_to_rank(to, owner), four, map_to_rank(barriers_.received(), owner));
    }
  }

  /// The epilogue of pieces `first` and on of those that begin at `begin`, as many as are staged at
  /// once.
  __device__ __forceinline__ void stage_pieces(int begin, int first, int stage,
                                               const RowVectors& rows,
                                               const TokenScales<kPaddedM>& scales,
                                               const Acc (&sums)[kPaddedM / 2]) const {
    using Vector = typename AccumulatorVector<Acc>::Type;
    const int others = ranks_ * p_.groups - 1;
    const int end = min(begin + share_.pieces, first + kStagedTokens / 8);
    const unsigned char* pieces = shared_ + p_.shared.partials +
                                  (number_ / share_.stride * share_.pieces - begin) * kPieceOfSums +
                                  lane_ * 16;
    const float scale_b[2] = {__shfl_sync(0xFFFFFFFFu, rows.value, lane_ / 4),
                              __shfl_sync(0xFFFFFFFFu, rows.value, lane_ / 4 + 8)};
    const float bias[2] = {__shfl_sync(0xFFFFFFFFu, rows.value, lane_ / 4 + 16),
                           __shfl_sync(0xFFFFFFFFu, rows.value, lane_ / 4 + 24)};
    // Lane 8 r + c of the first 16 gives the address of 8 rows, the upper or the lower, of token c.
    const int token = lane_ % 8;
    const std::uint32_t to = barriers_.base + stage + (token - first * 8) * kRowBytes +
                             ((number_ % 4 * 2 + lane_ / 8 % 2) ^ token) * 16;
#pragma unroll
    for (int i = 0; i < kPaddedM / 8; ++i) {
      if (i < first || i >= end) continue;
      Vector sum = {sums[4 * i], sums[4 * i + 1], sums[4 * i + 2], sums[4 * i + 3]};
#pragma unroll 1
      for (int source = 0; source < others; ++source) {
        add_four(sum, *reinterpret_cast<const Vector*>(
                          pieces + (source * p_.shared.pieces_owned + i) * kPieceOfSums));
      }
      const float scale_a[2] = {
          __shfl_sync(0xFFFFFFFFu, scales.value[i / 4], i % 4 * 8 + lane_ % 4 * 2),
          __shfl_sync(0xFFFFFFFFu, scales.value[i / 4], i % 4 * 8 + lane_ % 4 * 2 + 1)};
      const auto pair = [&](auto left, auto right, int half) {
        return output_pair(fmaf(scale_b[half], scale_a[0] * static_cast<float>(left), bias[half]),
                           fmaf(scale_b[half], scale_a[1] * static_cast<float>(right), bias[half]),
                           p_.io.fp16_output);
      };
      store_transposed(to + i * 8 * kRowBytes, pair(sum.x, sum.y, 0), pair(sum.z, sum.w, 1));
    }
  }

  /// Stores `tokens` staged tokens, the first of which is `m`. Eight lanes have the 64 rows of one.
  __device__ __forceinline__ void copy_out(int row, int m, int tokens, int stage) const {
    const int first_warp = number_ / 4 * 4;
#pragma unroll 1
    for (int item = static_cast<int>(threadIdx.x) % 128; item < tokens * 8; item += 128) {
      const int token = item / 8;
      const int eight = item % 8;
      if (!adds(first_warp + eight / 2)) continue;
      const auto* from = shared_ + stage + token * kRowBytes + (eight ^ token % 8) * 16;
      store_eight(p_.io, m + token, row + eight * 8, *reinterpret_cast<const uint4*>(from));
    }
  }

  const DecodeParams& p_;
  Barriers barriers_;
  const unsigned char* shared_;
  int rank_;
  int ranks_;
  int number_;
  Sharing share_;
  int lane_ = static_cast<int>(threadIdx.x) % 32;
};

}  // namespace twofour::providers::cuda::sm90
