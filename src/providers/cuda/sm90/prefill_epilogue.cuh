// The epilogue of a prefill kernel: from sums to pieces of D in shared memory, and from there to D.
#pragma once

#include <cuda_bf16.h>
#include <cuda_fp16.h>

#include <cstdint>

#include "providers/cuda/sm90/decode_epilogue.cuh"
#include "providers/cuda/sm90/prefill_rings.cuh"

namespace twofour::providers::cuda::sm90 {

/// Two outputs as a matrix instruction's sums lie side by side: tokens m and m + 1 of one row.
template <bool kFp16, class Acc>
__device__ __forceinline__ std::uint32_t output_pair(Acc first, Acc second, float2 scale_a,
                                                     float scale_b, float bias) {
  const float low = fmaf(scale_b, scale_a.x * static_cast<float>(first), bias);
  const float high = fmaf(scale_b, scale_a.y * static_cast<float>(second), bias);
  if constexpr (kFp16) {
    const __half2 pair = __floats2half2_rn(low, high);
    return *reinterpret_cast<const std::uint32_t*>(&pair);
  } else {
    const __nv_bfloat162 pair = __floats2bfloat162_rn(low, high);
    return *reinterpret_cast<const std::uint32_t*>(&pair);
  }
}

/// Writes a piece of D from shared memory by ordinary stores, where rows of D are not aligned for
/// the copy engine.
__device__ __forceinline__ void store_piece(const DecodeArguments& io, const unsigned char* piece,
                                            int tokens, int m, int row) {
  auto* d = static_cast<std::uint16_t*>(io.d);
  const int thread = static_cast<int>(threadIdx.x) % 128;
  const int column = thread % kUnitRows;
  for (int token = thread / kUnitRows; token < tokens; token += 128 / kUnitRows) {
    if (m + token >= io.m || row + column >= io.n) continue;
    d[std::int64_t{m + token} * io.n + row + column] = *reinterpret_cast<const std::uint16_t*>(
        piece + swizzled_offset(token, column / 8) + column % 8 * 2);
  }
}

/// What a thread's sums are scaled by and added to along W: rows lane / 4 and 8 below.
struct RowScales {
  float scale_b[2] = {};
  float bias[2] = {};
};

__device__ __forceinline__ RowScales load_row_scales(const DecodeArguments& io, int row) {
  RowScales scales;
#pragma unroll
  for (int half = 0; half < 2; ++half) {
    const int at = row + 8 * half;
    if (at >= io.n) continue;
    scales.scale_b[half] = io.scale_b[io.scale_b_per_channel ? at : 0];
    scales.bias[half] = bias_at(io.bias, at, io.fp16_output);
  }
  return scales;
}

/// Where a consumer warpgroup, and the thread that writes its pieces, are among its slots.
using PiecePosition = RingPosition<PrefillLayout::kPieceSlots>;

/// Whether rows of D are aligned for the copy engine.
__device__ __forceinline__ bool writes_boxes(const DecodeArguments& io) { return io.n % 8 == 0; }

/// A consumer warpgroup's way from sums to pieces of D in shared memory. Outputs are 16-bit pairs
/// in half as many registers as the sums, so the next tile can begin before they are stored.
template <class P>
class Epilogue {
 public:
  static constexpr int kGroups = P::kTokens / 8;  ///< of 8 tokens, a matrix each for 8 rows
  static constexpr int kGroupsOfPiece = PrefillLayout::kPieceTokens / 8;
  static constexpr int kPieces = (kGroups + kGroupsOfPiece - 1) / kGroupsOfPiece;
  using Sums = typename P::Acc[P::kTokens / 2];
  /// [group][row lane / 4 or 8 below]: tokens lane % 4 * 2 and the next of the group.
  using Outputs = std::uint32_t[kGroups * 2];

  __device__ Epilogue(const PrefillParams& p, PrefillBarriers barriers, unsigned char* shared,
                      int warpgroup)
      : p_(p), barriers_(barriers), shared_(shared), warpgroup_(warpgroup) {}

  /// Outputs of piece kPiece. `scale_a` is in shared memory, [kTokens].
  template <int kPiece>
  __device__ __forceinline__ void convert(const Sums& sums, const RowScales& scales,
                                          const float* scale_a, Outputs& outputs) const {
    if (p_.io.fp16_output) {
      convert_to<kPiece, true>(sums, scales, scale_a, outputs);
    } else {
      convert_to<kPiece, false>(sums, scales, scale_a, outputs);
    }
  }

  /// Turns piece kPiece from [row][token] to [token][row] in shared memory, from where a thread of
  /// its own writes it to D.
  template <int kPiece>
  __device__ __forceinline__ void pass_on(const Outputs& outputs) {
    barrier_wait(barriers_.piece_empty(warpgroup_, at_.slot), at_.parity ^ 1u);
    transpose<kPiece>(outputs);
    fence_shared_for_copies();
    __syncwarp();
    if (threadIdx.x % 32 == 0) barrier_arrive(barriers_.piece_full(warpgroup_, at_.slot));
    at_.advance();
  }

  /// The same where rows of D are not aligned for the copy engine: this warpgroup writes rows `row`
  /// and on of tokens `m` and on.
  template <int kPiece>
  __device__ __forceinline__ void store(const Outputs& outputs, int m, int row) {
    constexpr int kFirst = kPiece * PrefillLayout::kPieceTokens;
    transpose<kPiece>(outputs);
    barrier_sync(1 + warpgroup_, 128);
    store_piece(p_.io, piece(), min(PrefillLayout::kPieceTokens, P::kTokens - kFirst), m + kFirst,
                row);
    barrier_sync(1 + warpgroup_, 128);
    at_.advance();
  }

 private:
  template <int kPiece, bool kFp16>
  __device__ __forceinline__ void convert_to(const Sums& sums, const RowScales& scales,
                                             const float* scale_a, Outputs& outputs) const {
    const int token = static_cast<int>(threadIdx.x) % 4 * 2;
#pragma unroll
    for (int i = kPiece * kGroupsOfPiece; i < min((kPiece + 1) * kGroupsOfPiece, kGroups); ++i) {
      const float2 scale = *reinterpret_cast<const float2*>(scale_a + i * 8 + token);
#pragma unroll
      for (int half = 0; half < 2; ++half) {
        const int sum = i * 4 + half * 2;
        outputs[i * 2 + half] = output_pair<kFp16>(sums[sum], sums[sum + 1], scale,
                                                   scales.scale_b[half], scales.bias[half]);
      }
    }
  }

  template <int kPiece>
  __device__ __forceinline__ void transpose(const Outputs& outputs) const {
    const int thread = static_cast<int>(threadIdx.x) % 128;
    const int lane = thread % 32;
    // Where this lane's 16 bytes of the transposed matrices go.
    const std::uint32_t to =
        shared_address(piece()) + lane / 16 * 8 * kRowBytes +
        swizzled_offset(lane % 8, thread / 32 * 2 + lane / 8 % 2);
    constexpr int kPair = 2;  // groups that one instruction stores
#pragma unroll
    for (int i = 0; i < kGroupsOfPiece; i += kPair) {
      const int group = kPiece * kGroupsOfPiece + i;
      if (group >= kGroups) break;
      store_transposed(to + i * 8 * kRowBytes, {outputs[group * 2], outputs[group * 2 + 1],
                                                outputs[group * 2 + 2], outputs[group * 2 + 3]});
    }
  }

  __device__ __forceinline__ unsigned char* piece() const {
    return shared_ + P::kLayout.pieces +
           (warpgroup_ * PrefillLayout::kPieceSlots + at_.slot) * PrefillLayout::kPieceBytes;
  }

  const PrefillParams& p_;
  PrefillBarriers barriers_;
  unsigned char* shared_;
  int warpgroup_;
  PiecePosition at_;
};

/// One thread: writes the pieces of `warpgroup` to D.
template <class P>
__device__ void write_pieces(const PrefillParams& p, const CUtensorMap& map,
                             PrefillBarriers barriers, std::uint32_t shared, int warpgroup,
                             int rank) {
  using L = PrefillLayout;
  if (!writes_boxes(p.io)) return;
  PiecePosition at;
  int before = -1;  // slot of the piece before
  const int clusters = static_cast<int>(gridDim.x) / P::kRanks;
  for (int index = static_cast<int>(blockIdx.x) / P::kRanks; index < p.clusters_n * p.tiles_m;
       index += clusters) {
    const PrefillTile tile = tile_at(p, index);
    const int m = tile.m * P::kTokens;
    const int row = (tile.n * P::kRanks + rank) * kPrefillRows + warpgroup * kUnitRows;
    for (int first = 0; first < P::kTokens; first += L::kPieceTokens) {
      const std::uint32_t piece =
          shared + P::kLayout.pieces + (warpgroup * L::kPieceSlots + at.slot) * L::kPieceBytes;
      barrier_wait(barriers.piece_full(warpgroup, at.slot), at.parity);
      for (int token = first; token < min(first + L::kPieceTokens, P::kTokens);
           token += kStoredTokens) {
        if (m + token < p.io.m) {
          box_store(&map, row, m + token, piece + (token - first) * kRowBytes);
        }
      }
      bulk_commit();
      bulk_wait_read<1>();
      if (before >= 0) barrier_arrive(barriers.piece_empty(warpgroup, before));
      before = at.slot;
      at.advance();
    }
  }
  bulk_wait();
}

}  // namespace twofour::providers::cuda::sm90
