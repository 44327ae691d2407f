// The warp-wide matrix instructions of the direct kernels: 16 rows of an int8 weight, dense or
// 2:4, by 8 tokens, in the terms of the PTX ISA ("mma", "mma.sp", "ldmatrix").
#pragma once

#include <cstdint>

#include "providers/cuda/sm90/exchange.cuh"

namespace twofour::providers::cuda::sm90 {

/// A thread's part of 16 rows by 32 bytes of values: rows lane / 4 and lane / 4 + 8 of the first
/// 16-byte piece, then of the second.
struct RowFragment {
  std::uint32_t words[4];
};

/// A thread's part of 64 columns of a token.
struct TokenFragment {
  std::uint32_t words[4];
};

/// Loads a RowFragment; lane l gives the address of row l % 16 of piece l / 16.
__device__ __forceinline__ RowFragment load_rows(std::uint32_t address) {
  RowFragment a;
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

/// Four lanes have loaded 16 columns each, the first lane the first 16: exchanges words so that
/// each holds its part of all 64.
__device__ __forceinline__ TokenFragment exchange_columns(const uint4& loaded, int lane) {
  TokenFragment b{{loaded.x, loaded.y, loaded.z, loaded.w}};
  exchange_four<1>(b.words, lane);
  return b;
}

__device__ __forceinline__ void multiply_two_four(std::int32_t (&sums)[4], const RowFragment& a,
                                                  const TokenFragment& b, std::uint32_t metadata) {
  asm("mma.sp::ordered_metadata.sync.aligned.m16n8k64.row.col.s32.s8.s8.s32"
      " {%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9, %10, %11}, {%0, %1, %2, %3}, %12, 0x0;"
      : "+r"(sums[0]), "+r"(sums[1]), "+r"(sums[2]), "+r"(sums[3])
      : "r"(a.words[0]), "r"(a.words[1]), "r"(a.words[2]), "r"(a.words[3]), "r"(b.words[0]),
        "r"(b.words[1]), "r"(b.words[2]), "r"(b.words[3]), "r"(metadata));
}

/// 32 columns: the first half of `b`'s or the second.
__device__ __forceinline__ void multiply_dense(std::int32_t (&sums)[4], const RowFragment& a,
                                               const TokenFragment& b, int half) {
  asm("mma.sync.aligned.m16n8k32.row.col.s32.s8.s8.s32"
      " {%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, {%0, %1, %2, %3};"
      : "+r"(sums[0]), "+r"(sums[1]), "+r"(sums[2]), "+r"(sums[3])
      : "r"(a.words[0]), "r"(a.words[1]), "r"(a.words[2]), "r"(a.words[3]), "r"(b.words[2 * half]),
        "r"(b.words[2 * half + 1]));
}

}  // namespace twofour::providers::cuda::sm90
