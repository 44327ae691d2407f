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
#pragma unroll 1
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

/// What a warpgroup's epilogue needs beside the sums: the place of its part of a tile in D, and
/// scales.
struct TileOutput {
  int m = 0;
  int row = 0;
  RowScales scales;
  float scale_a[2] = {};  ///< of two tokens, for all threads of the warpgroup
};

__device__ __forceinline__ TileOutput output_of(const PrefillParams& p, const PrefillWork& work,
                                                int warpgroup) {
  const int thread = static_cast<int>(threadIdx.x) % 128;
  TileOutput to{.m = work.m, .row = work.row_tile * kPrefillRows + warpgroup * kUnitRows};
  to.scales = load_row_scales(p.io, to.row + thread / 32 * 16 + thread % 32 / 4);
  to.scale_a[0] = row_scale(p.io, to.m + thread);
  to.scale_a[1] = row_scale(p.io, to.m + thread + 128);
  return to;
}

/// The epilogue of a warpgroup's part of a tile, `kCount` / 2 tokens from `m` on: pieces of
/// kPieceTokens go through shared memory, where they are turned from [row][token] to [token][row].
/// `scale_a` is in shared memory, that of token `m` first.
template <class P, bool kFp16, int kCount>
__device__ __forceinline__ void store_tile(const PrefillParams& p, PrefillBarriers barriers,
                                           unsigned char* shared, int warpgroup, int m,
                                           const TileOutput& to, const float* scale_a,
                                           PiecePosition& at,
                                           const typename P::Acc (&sums)[kCount]) {
  using L = PrefillLayout;
  constexpr int kTokens = kCount * 2;
  constexpr int kGroups = kTokens / 8;  // of 8 tokens, a matrix each for 8 rows
  constexpr int kGroupsOfPiece = L::kPieceTokens / 8;
  const int thread = static_cast<int>(threadIdx.x) % 128;
  const int lane = thread % 32;
  const bool boxes = writes_boxes(p.io);
  // Where this lane's 16 bytes of the transposed matrices go.
  const int lane_at =
      swizzled_offset(lane % 8, thread / 32 * 2 + lane / 8 % 2) + lane / 16 * 8 * kRowBytes;
  const auto scale_of = [&](int group) {
    return *reinterpret_cast<const float2*>(scale_a + group * 8 + lane % 4 * 2);
  };
  float2 next[kGroupsOfPiece];
#pragma unroll
  for (int i = 0; i < min(kGroupsOfPiece, kGroups); ++i) next[i] = scale_of(i);
#pragma unroll
  for (int first = 0; first < kGroups; first += kGroupsOfPiece) {
    constexpr int kPair = 2;  // groups that one instruction stores
    std::uint32_t outputs[kGroupsOfPiece / kPair][4];
#pragma unroll
    for (int i = 0; i < kGroupsOfPiece; ++i) {
      if (first + i >= kGroups) break;
      const float2 scale = next[i];
#pragma unroll
      for (int half = 0; half < 2; ++half) {
        const int sum = (first + i) * 4 + half * 2;
        outputs[i / kPair][i % kPair * 2 + half] = output_pair<kFp16>(
            sums[sum], sums[sum + 1], scale, to.scales.scale_b[half], to.scales.bias[half]);
      }
      // Loaded ahead of the stores below, which loads may not pass.
      if (first + kGroupsOfPiece + i < kGroups) next[i] = scale_of(first + kGroupsOfPiece + i);
    }
    unsigned char* piece =
        shared + P::kLayout.pieces + (warpgroup * L::kPieceSlots + at.slot) * L::kPieceBytes;
    if (boxes) barrier_wait(barriers.piece_empty(warpgroup, at.slot), at.parity ^ 1u);
#pragma unroll
    for (int i = 0; i < kGroupsOfPiece; i += kPair) {
      if (first + i >= kGroups) break;
      store_transposed(shared_address(piece) + lane_at + i * 8 * kRowBytes, outputs[i / kPair]);
    }
    if (boxes) {
      // The thread that copies the piece has the fence between these writes and its copies.
      __syncwarp();
      if (lane == 0) barrier_arrive(barriers.piece_full(warpgroup, at.slot));
    } else {
      barrier_sync(1 + warpgroup, 128);
      store_piece(p.io, piece, min(L::kPieceTokens, kTokens - first * 8), m + first * 8, to.row);
      barrier_sync(1 + warpgroup, 128);
    }
    at.advance();
  }
}

template <class P, int kCount>
__device__ __forceinline__ void store_tile(const PrefillParams& p, PrefillBarriers barriers,
                                           unsigned char* shared, int warpgroup, int m,
                                           const TileOutput& to, const float* scale_a,
                                           PiecePosition& at,
                                           const typename P::Acc (&sums)[kCount]) {
  if (p.io.fp16_output) {
    store_tile<P, true>(p, barriers, shared, warpgroup, m, to, scale_a, at, sums);
  } else {
    store_tile<P, false>(p, barriers, shared, warpgroup, m, to, scale_a, at, sums);
  }
}

/// One thread: writes the pieces of `warpgroup` to D.
template <class P>
__device__ void write_pieces(const PrefillParams& p, const CUtensorMap& map,
                             PrefillBarriers barriers, std::uint32_t shared, int warpgroup,
                             int rank) {
  using L = PrefillLayout;
  if (!writes_boxes(p.io)) return;
  prefetch_map(&map);
  PiecePosition at;
  int before = -1;  // slot of the piece before
  const int clusters = static_cast<int>(gridDim.x) / P::kRanks;
  for (int index = static_cast<int>(blockIdx.x) / P::kRanks; index < p.work; index += clusters) {
    const PrefillWork work = work_at<P>(p, index, rank);
    const int tokens = work.split ? P::kTokens / P::kRanks : P::kTokens;
    const int m = work.m + (work.split ? rank * tokens : 0);
    const int row = work.row_tile * kPrefillRows + warpgroup * kUnitRows;
    for (int first = 0; first < tokens; first += L::kPieceTokens) {
      const std::uint32_t piece =
          shared + P::kLayout.pieces + (warpgroup * L::kPieceSlots + at.slot) * L::kPieceBytes;
      barrier_wait(barriers.piece_full(warpgroup, at.slot), at.parity);
      fence_shared_for_copies();
      for (int token = first; token < min(first + L::kPieceTokens, tokens);
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
