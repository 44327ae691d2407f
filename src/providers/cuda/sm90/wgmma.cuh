// Hopper's warpgroup matrix instructions (wgmma) for operands in shared memory, dense and 2:4.
#pragma once

#include <cstdint>

#include "core/data_type.h"
#include "core/problem.h"
#include "providers/cuda/sm90/accumulator.cuh"

namespace twofour::providers::cuda::sm90 {

/// Descriptor of a matrix [rows][128 bytes] in shared memory with 128-byte swizzle, 1024 bytes from
/// one group of 8 rows to the next (PTX ISA, "Matrix descriptor"). `address` is that of its first
/// k, in the first row.
__device__ __forceinline__ std::uint64_t matrix_descriptor(std::uint32_t address) {
  constexpr std::uint64_t kSwizzle128 = std::uint64_t{1} << 62;
  constexpr std::uint64_t kStride = std::uint64_t{1024 / 16} << 32;
  constexpr std::uint64_t kLeading = std::uint64_t{1} << 16;  // ignored with this swizzle
  return kSwizzle128 | kStride | kLeading | ((address & 0x3FFFFu) >> 4);
}

__device__ __forceinline__ void matrix_fence() {
  asm volatile("wgmma.fence.sync.aligned;" ::: "memory");
}

__device__ __forceinline__ void matrix_commit() {
  asm volatile("wgmma.commit_group.sync.aligned;" ::: "memory");
}

/// Waits until at most kPending of the groups committed last are unfinished.
template <int kPending = 0>
__device__ __forceinline__ void matrix_wait() {
  asm volatile("wgmma.wait_group.sync.aligned %0;" ::"n"(kPending) : "memory");
}

// The instruction's text differs in each shape by the list of its registers, so macros put it
// together: a_at to one_at are the numbers of the operands after the accumulators.
#define TWOFOUR_REGISTERS_4 "%0,%1,%2,%3"
#define TWOFOUR_REGISTERS_8 TWOFOUR_REGISTERS_4 ",%4,%5,%6,%7"
#define TWOFOUR_REGISTERS_16 TWOFOUR_REGISTERS_8 ",%8,%9,%10,%11,%12,%13,%14,%15"
#define TWOFOUR_REGISTERS_32 \
  TWOFOUR_REGISTERS_16 ",%16,%17,%18,%19,%20,%21,%22,%23,%24,%25,%26,%27,%28,%29,%30,%31"
#define TWOFOUR_REGISTERS_64                                         \
  TWOFOUR_REGISTERS_32                                               \
  ",%32,%33,%34,%35,%36,%37,%38,%39,%40,%41,%42,%43,%44,%45,%46,%47" \
  ",%48,%49,%50,%51,%52,%53,%54,%55,%56,%57,%58,%59,%60,%61,%62,%63"
#define TWOFOUR_REGISTERS_48 \
  TWOFOUR_REGISTERS_32       \
  ",%32,%33,%34,%35,%36,%37,%38,%39,%40,%41,%42,%43,%44,%45,%46,%47"
#define TWOFOUR_REGISTERS_72 \
  TWOFOUR_REGISTERS_64       \
  ",%64,%65,%66,%67,%68,%69,%70,%71"
#define TWOFOUR_REGISTERS_80 \
  TWOFOUR_REGISTERS_64       \
  ",%64,%65,%66,%67,%68,%69,%70,%71,%72,%73,%74,%75,%76,%77,%78,%79"
#define TWOFOUR_REGISTERS_88 \
  TWOFOUR_REGISTERS_80       \
  ",%80,%81,%82,%83,%84,%85,%86,%87"
#define TWOFOUR_REGISTERS_96                                         \
  TWOFOUR_REGISTERS_64                                               \
  ",%64,%65,%66,%67,%68,%69,%70,%71,%72,%73,%74,%75,%76,%77,%78,%79" \
  ",%80,%81,%82,%83,%84,%85,%86,%87,%88,%89,%90,%91,%92,%93,%94,%95"
#define TWOFOUR_REGISTERS_104 \
  TWOFOUR_REGISTERS_96        \
  ",%96,%97,%98,%99,%100,%101,%102,%103"
#define TWOFOUR_REGISTERS_112 \
  TWOFOUR_REGISTERS_96        \
  ",%96,%97,%98,%99,%100,%101,%102,%103,%104,%105,%106,%107,%108,%109,%110,%111"
#define TWOFOUR_REGISTERS_120 \
  TWOFOUR_REGISTERS_112       \
  ",%112,%113,%114,%115,%116,%117,%118,%119"
#define TWOFOUR_REGISTERS_128                                                    \
  TWOFOUR_REGISTERS_96                                                           \
  ",%96,%97,%98,%99,%100,%101,%102,%103,%104,%105,%106,%107,%108,%109,%110,%111" \
  ",%112,%113,%114,%115,%116,%117,%118,%119,%120,%121,%122,%123,%124,%125,%126,%127"
#define TWOFOUR_ACCUMULATORS_4(kind, i) kind(d[i]), kind(d[i + 1]), kind(d[i + 2]), kind(d[i + 3])
#define TWOFOUR_ACCUMULATORS_8(kind, i) \
  TWOFOUR_ACCUMULATORS_4(kind, i), TWOFOUR_ACCUMULATORS_4(kind, i + 4)
#define TWOFOUR_ACCUMULATORS_16(kind, i) \
  TWOFOUR_ACCUMULATORS_8(kind, i), TWOFOUR_ACCUMULATORS_8(kind, i + 8)
#define TWOFOUR_ACCUMULATORS_32(kind, i) \
  TWOFOUR_ACCUMULATORS_16(kind, i), TWOFOUR_ACCUMULATORS_16(kind, i + 16)

#define TWOFOUR_ACCUMULATORS_64(kind, i) \
  TWOFOUR_ACCUMULATORS_32(kind, i), TWOFOUR_ACCUMULATORS_32(kind, i + 32)

#define TWOFOUR_ACCUMULATORS_48(kind, i) \
  TWOFOUR_ACCUMULATORS_32(kind, i), TWOFOUR_ACCUMULATORS_16(kind, i + 32)
#define TWOFOUR_ACCUMULATORS_72(kind, i) \
  TWOFOUR_ACCUMULATORS_64(kind, i), TWOFOUR_ACCUMULATORS_8(kind, i + 64)
#define TWOFOUR_ACCUMULATORS_80(kind, i) \
  TWOFOUR_ACCUMULATORS_64(kind, i), TWOFOUR_ACCUMULATORS_16(kind, i + 64)
#define TWOFOUR_ACCUMULATORS_88(kind, i) \
  TWOFOUR_ACCUMULATORS_80(kind, i), TWOFOUR_ACCUMULATORS_8(kind, i + 80)
#define TWOFOUR_ACCUMULATORS_96(kind, i) \
  TWOFOUR_ACCUMULATORS_64(kind, i), TWOFOUR_ACCUMULATORS_32(kind, i + 64)
#define TWOFOUR_ACCUMULATORS_104(kind, i) \
  TWOFOUR_ACCUMULATORS_96(kind, i), TWOFOUR_ACCUMULATORS_8(kind, i + 96)
#define TWOFOUR_ACCUMULATORS_112(kind, i) \
  TWOFOUR_ACCUMULATORS_96(kind, i), TWOFOUR_ACCUMULATORS_16(kind, i + 96)
#define TWOFOUR_ACCUMULATORS_120(kind, i) \
  TWOFOUR_ACCUMULATORS_112(kind, i), TWOFOUR_ACCUMULATORS_8(kind, i + 112)
#define TWOFOUR_ACCUMULATORS_128(kind, i) \
  TWOFOUR_ACCUMULATORS_96(kind, i), TWOFOUR_ACCUMULATORS_32(kind, i + 96)

#define TWOFOUR_MULTIPLY_SPARSE(shape, types, count, kind, a_at, b_at, e_at, one_at, tail) \
  asm volatile(                                                                            \
      "{\n"                                                                                \
      ".reg .pred accumulate;\n"                                                           \
      "setp.ne.b32 accumulate, " one_at                                                    \
      ", 0;\n"                                                                             \
      "wgmma.mma_async.sp.sync.aligned." shape types " {" TWOFOUR_REGISTERS_##count        \
      "}, " a_at ", " b_at ", " e_at ", 0, accumulate" tail                                \
      ";\n"                                                                                \
      "}\n"                                                                                \
      : TWOFOUR_ACCUMULATORS_##count(kind, 0)                                              \
      : "l"(a), "l"(b), "r"(metadata), "r"(accumulate))

#define TWOFOUR_MULTIPLY_DENSE(shape, types, count, kind, a_at, b_at, e_at, one_at, tail) \
  asm volatile(                                                                           \
      "{\n"                                                                               \
      ".reg .pred accumulate;\n"                                                          \
      "setp.ne.b32 accumulate, " one_at                                                   \
      ", 0;\n"                                                                            \
      "wgmma.mma_async.sync.aligned." shape types " {" TWOFOUR_REGISTERS_##count          \
      "}, " a_at ", " b_at ", accumulate" tail                                            \
      ";\n"                                                                               \
      "}\n"                                                                               \
      : TWOFOUR_ACCUMULATORS_##count(kind, 0)                                             \
      : "l"(a), "l"(b), "r"(metadata), "r"(accumulate))

/// What 16-bit types demand after the predicate: both operands times 1, neither transposed.
#define TWOFOUR_AS_STORED ", 1, 1, 0, 0"

#define TWOFOUR_MULTIPLY_SHAPES(macro, types, kind, tail)                     \
  if constexpr (kPaddedM == 8) {                                              \
    macro("m64n8", types, 4, kind, "%4", "%5", "%6", "%7", tail);             \
  } else if constexpr (kPaddedM == 16) {                                      \
    macro("m64n16", types, 8, kind, "%8", "%9", "%10", "%11", tail);          \
  } else if constexpr (kPaddedM == 32) {                                      \
    macro("m64n32", types, 16, kind, "%16", "%17", "%18", "%19", tail);       \
  } else if constexpr (kPaddedM == 64) {                                      \
    macro("m64n64", types, 32, kind, "%32", "%33", "%34", "%35", tail);       \
  } else if constexpr (kPaddedM == 96) {                                      \
    macro("m64n96", types, 48, kind, "%48", "%49", "%50", "%51", tail);       \
  } else if constexpr (kPaddedM == 128) {                                     \
    macro("m64n128", types, 64, kind, "%64", "%65", "%66", "%67", tail);      \
  } else if constexpr (kPaddedM == 144) {                                     \
    macro("m64n144", types, 72, kind, "%72", "%73", "%74", "%75", tail);      \
  } else if constexpr (kPaddedM == 160) {                                     \
    macro("m64n160", types, 80, kind, "%80", "%81", "%82", "%83", tail);      \
  } else if constexpr (kPaddedM == 176) {                                     \
    macro("m64n176", types, 88, kind, "%88", "%89", "%90", "%91", tail);      \
  } else if constexpr (kPaddedM == 192) {                                     \
    macro("m64n192", types, 96, kind, "%96", "%97", "%98", "%99", tail);      \
  } else if constexpr (kPaddedM == 208) {                                     \
    macro("m64n208", types, 104, kind, "%104", "%105", "%106", "%107", tail); \
  } else if constexpr (kPaddedM == 224) {                                     \
    macro("m64n224", types, 112, kind, "%112", "%113", "%114", "%115", tail); \
  } else if constexpr (kPaddedM == 240) {                                     \
    macro("m64n240", types, 120, kind, "%120", "%121", "%122", "%123", tail); \
  } else {                                                                    \
    static_assert(kPaddedM == 256);                                           \
    macro("m64n256", types, 128, kind, "%128", "%129", "%130", "%131", tail); \
  }

/// Issues d[64 rows of W][kPaddedM] += a[64][k-step] x b[kPaddedM][k-step]^T. A k-step is 32 bytes
/// of values of a row: of b 32 bytes for dense and 64 for 2:4, with this thread's word of
/// `metadata` (layout.h). a and b are descriptors. With `accumulate` 0 the product replaces d.
template <DataType kType, Sparsity kSparsity, int kPaddedM>
__device__ __forceinline__ void multiply_step(Accumulator<kType> (&d)[kPaddedM / 2],
                                              std::uint64_t a, std::uint64_t b,
                                              std::uint32_t metadata, int accumulate = 1) {
  constexpr bool kTwoFour = kSparsity == Sparsity::kTwoFour;
  if constexpr (kType == DataType::kInt8 && kTwoFour) {
    TWOFOUR_MULTIPLY_SHAPES(TWOFOUR_MULTIPLY_SPARSE, "k64.s32.s8.s8", TWOFOUR_PLUS_INT, "")
  } else if constexpr (kType == DataType::kInt8) {
    TWOFOUR_MULTIPLY_SHAPES(TWOFOUR_MULTIPLY_DENSE, "k32.s32.s8.s8", TWOFOUR_PLUS_INT, "")
  } else if constexpr (kType == DataType::kFp8E4m3 && kTwoFour) {
    TWOFOUR_MULTIPLY_SHAPES(TWOFOUR_MULTIPLY_SPARSE, "k64.f32.e4m3.e4m3", TWOFOUR_PLUS_FLOAT,
                            ", 1, 1")
  } else if constexpr (kType == DataType::kFp8E4m3) {
    TWOFOUR_MULTIPLY_SHAPES(TWOFOUR_MULTIPLY_DENSE, "k32.f32.e4m3.e4m3", TWOFOUR_PLUS_FLOAT,
                            ", 1, 1")
  } else if constexpr (kType == DataType::kBf16 && kTwoFour) {
    TWOFOUR_MULTIPLY_SHAPES(TWOFOUR_MULTIPLY_SPARSE, "k32.f32.bf16.bf16", TWOFOUR_PLUS_FLOAT,
                            TWOFOUR_AS_STORED)
  } else if constexpr (kType == DataType::kBf16) {
    TWOFOUR_MULTIPLY_SHAPES(TWOFOUR_MULTIPLY_DENSE, "k16.f32.bf16.bf16", TWOFOUR_PLUS_FLOAT,
                            TWOFOUR_AS_STORED)
  } else if constexpr (kTwoFour) {
    static_assert(kType == DataType::kFp16);
    TWOFOUR_MULTIPLY_SHAPES(TWOFOUR_MULTIPLY_SPARSE, "k32.f32.f16.f16", TWOFOUR_PLUS_FLOAT,
                            TWOFOUR_AS_STORED)
  } else {
    static_assert(kType == DataType::kFp16);
    TWOFOUR_MULTIPLY_SHAPES(TWOFOUR_MULTIPLY_DENSE, "k16.f32.f16.f16", TWOFOUR_PLUS_FLOAT,
                            TWOFOUR_AS_STORED)
  }
}

/// Keeps the registers of `words` as they are up to here. Matrix instructions read their metadata
/// some time after they are issued, and ptxas, which does not know it, would put other values
/// there: so something has to read it after they are done. `never` is false, which ptxas cannot
/// know.
__device__ __forceinline__ void keep_metadata(const uint4& words, std::uint32_t scratch,
                                              bool never) {
  asm volatile(
      "{\n"
      ".reg .pred never;\n"
      "setp.ne.b32 never, %0, 0;\n"
      "@never st.shared.v4.b32 [%1], {%2, %3, %4, %5};\n"
      "}\n" ::"r"(static_cast<int>(never)),
      "r"(scratch), "r"(words.x), "r"(words.y), "r"(words.z), "r"(words.w)
      : "memory");
}

}  // namespace twofour::providers::cuda::sm90
