// The warp-wide matrix instructions of the direct kernels: 16 rows of W, dense or 2:4, by 8 rows of
// A. PTX ISA: "mma", "mma.sp", "ldmatrix".
#pragma once

#include <cstdint>

#include "core/data_type.h"
#include "providers/cuda/sm90/accumulator.cuh"
#include "providers/cuda/sm90/transpose.cuh"

namespace twofour::providers::cuda::sm90 {

/// A thread's part of W [16 rows][32 bytes]: a word of rows lane / 4 and lane / 4 + 8 of the first
/// 16-byte piece, then the same of the second.
struct WeightFragment {
  std::uint32_t words[4];
};

/// A thread's part of A [8 rows][64 bytes]: of row lane / 4, bytes lane % 4 * 4 .. + 3 of each 16.
struct ActivationFragment {
  std::uint32_t words[4];
};

/// Loads a WeightFragment from shared memory; lane l passes the address of row l % 16 of piece l
/// / 16.
__device__ __forceinline__ WeightFragment load_weights(std::uint32_t address) {
  WeightFragment a;
  asm volatile("ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%0, %1, %2, %3}, [%4];"
               : "=r"(a.words[0]), "=r"(a.words[1]), "=r"(a.words[2]), "=r"(a.words[3])
               : "r"(address)
               : "memory");
  return a;
}

__device__ __forceinline__ uint2 load_two_words(std::uint32_t address) {
  uint2 two;
  asm volatile("ld.shared.v2.b32 {%0, %1}, [%2];"
               : "=r"(two.x), "=r"(two.y)
               : "r"(address)
               : "memory");
  return two;
}

/// Four neighbouring lanes have loaded 16 consecutive bytes of a row each, 64 together: transposes
/// their words so that each lane holds its part of all 64.
__device__ __forceinline__ ActivationFragment transpose_columns(const uint4& loaded, int lane) {
  ActivationFragment b{{loaded.x, loaded.y, loaded.z, loaded.w}};
  transpose_4x4<1>(b.words, lane);
  return b;
}

// The text of an instruction differs by type only in its shape and its types.
#define TWOFOUR_MMA_TWO_FOUR(shape_and_types, kind)                                                \
  asm("mma.sp::ordered_metadata.sync.aligned." shape_and_types                                     \
      " {%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9, %10, %11}, {%0, %1, %2, %3}, %12, 0x0;"       \
      : kind(accumulators[0]), kind(accumulators[1]), kind(accumulators[2]), kind(accumulators[3]) \
      : "r"(a.words[0]), "r"(a.words[1]), "r"(a.words[2]), "r"(a.words[3]), "r"(b.words[0]),       \
        "r"(b.words[1]), "r"(b.words[2]), "r"(b.words[3]), "r"(metadata))

#define TWOFOUR_MMA_DENSE(shape_and_types, kind)                                                   \
  asm("mma.sync.aligned." shape_and_types                                                          \
      " {%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, {%0, %1, %2, %3};"                           \
      : kind(accumulators[0]), kind(accumulators[1]), kind(accumulators[2]), kind(accumulators[3]) \
      : "r"(a.words[0]), "r"(a.words[1]), "r"(a.words[2]), "r"(a.words[3]),                        \
        "r"(b.words[2 * half]), "r"(b.words[2 * half + 1]))

/// accumulators [16 rows][8 m] += W [16][64 bytes, 2:4] x A [8][64 bytes]^T, a thread's part of
/// each.
template <DataType kType>
__device__ __forceinline__ void multiply_two_four(Accumulator<kType> (&accumulators)[4],
                                                  const WeightFragment& a,
                                                  const ActivationFragment& b,
                                                  std::uint32_t metadata) {
  if constexpr (kType == DataType::kInt8) {
    TWOFOUR_MMA_TWO_FOUR("m16n8k64.row.col.s32.s8.s8.s32", TWOFOUR_PLUS_INT);
  } else if constexpr (kType == DataType::kBf16) {
    TWOFOUR_MMA_TWO_FOUR("m16n8k32.row.col.f32.bf16.bf16.f32", TWOFOUR_PLUS_FLOAT);
  } else {
    static_assert(kType == DataType::kFp16);
    TWOFOUR_MMA_TWO_FOUR("m16n8k32.row.col.f32.f16.f16.f32", TWOFOUR_PLUS_FLOAT);
  }
}

/// accumulators [16 rows][8 m] += W [16][32 bytes] x A [8][32 bytes]^T, with half `half` of the 64
/// bytes of `b`.
template <DataType kType>
__device__ __forceinline__ void multiply_dense(Accumulator<kType> (&accumulators)[4],
                                               const WeightFragment& a, const ActivationFragment& b,
                                               int half) {
  if constexpr (kType == DataType::kInt8) {
    TWOFOUR_MMA_DENSE("m16n8k32.row.col.s32.s8.s8.s32", TWOFOUR_PLUS_INT);
  } else if constexpr (kType == DataType::kBf16) {
    TWOFOUR_MMA_DENSE("m16n8k16.row.col.f32.bf16.bf16.f32", TWOFOUR_PLUS_FLOAT);
  } else {
    static_assert(kType == DataType::kFp16);
    TWOFOUR_MMA_DENSE("m16n8k16.row.col.f32.f16.f16.f32", TWOFOUR_PLUS_FLOAT);
  }
}

}  // namespace twofour::providers::cuda::sm90
