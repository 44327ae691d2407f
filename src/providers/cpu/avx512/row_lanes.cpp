// Row-lanes 2:4 kernels for AVX-512: bfloat16 and fp8 in pairs (VDPBF16PS), fp16 as float32.
#include <immintrin.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <type_traits>
#include <utility>

#include "operands/number_formats.h"
#include "providers/cpu/avx512/epilogue.h"
#include "providers/cpu/avx512/fp8.h"
#include "providers/cpu/kernel_list.h"
#include "providers/cpu/tile_loop.h"
#include "providers/cpu/two_four.h"

namespace twofour::providers::cpu::avx512 {
namespace {

// Each builds on the ones before.
// clang-format off
#include "providers/cpu/column_lanes/formats.inl"
#include "providers/cpu/column_lanes/pack.inl"
#include "providers/cpu/column_lanes/layout.inl"
#include "providers/cpu/row_lanes/layout.inl"
#include "providers/cpu/row_lanes/kernel.inl"
// clang-format on

struct Lanes {
  static constexpr int kLanes = 16;
  static constexpr int kBlockRows = 64;
  static constexpr int kSpareRows = 0;
  static constexpr std::int64_t kTableBytes = 24 * 1024;
  static constexpr std::int64_t kSumBytes = 512 * 1024;
  static constexpr std::int64_t kBlocksTogether = 8;
  using Sum = __m512;
  using Four = __m512i;
  /// A product takes six cycles to be there for the next.
  static constexpr int batch(int vectors) { return vectors == 1 ? 8 : 4; }
  [[gnu::always_inline]] static Sum zero() { return _mm512_setzero_ps(); }
  [[gnu::always_inline]] static Sum load_sum(const std::uint32_t* from) {
    return _mm512_loadu_ps(from);
  }
  [[gnu::always_inline]] static void store_sum(std::uint32_t* to, Sum sum) {
    _mm512_storeu_ps(to, sum);
  }
  /// Four words are one load; each is then put into all lanes by a shuffle, which takes another
  /// port than loads.
  [[gnu::always_inline]] static Four four(const std::byte* words) {
    return _mm512_broadcast_i32x4(_mm_loadu_si128(reinterpret_cast<const __m128i*>(words)));
  }
  template <int i>
  [[gnu::always_inline]] static __m512i word(Four four) {
    return _mm512_shuffle_epi32(four, static_cast<_MM_PERM_ENUM>(i * 0x55));
  }
  [[gnu::always_inline]] static void store(const ColumnEpilogue& epilogue, std::int64_t row,
                                           const std::uint32_t* sums, const float* starts) {
    epilogue.store(row, _mm512_add_ps(_mm512_load_ps(sums), _mm512_load_ps(starts)));
  }
};

struct Pairs : Lanes {
  [[gnu::always_inline]] static void choices(const std::byte* activations, std::int64_t stride,
                                             std::byte* to, std::int64_t choice_stride) {
    __m512i four[4];
    TWOFOUR_UNROLL for (int i = 0; i < 4; ++i) {
      four[i] = _mm512_cvtepu16_epi32(
          _mm256_loadu_si256(reinterpret_cast<const __m256i*>(activations + i * stride)));
    }
    for (const auto [first, second] : kPairOrder) {
      _mm512_store_si512(to, _mm512_or_si512(four[first], _mm512_slli_epi32(four[second], 16)));
      to += choice_stride;
    }
  }
  [[gnu::always_inline]] static void add(Sum& sum, const std::byte* choice, __m512i word) {
    sum = _mm512_dpbf16_ps(sum, reinterpret_cast<__m512bh>(word),
                           reinterpret_cast<__m512bh>(_mm512_load_si512(choice)));
    asm("" : "+v"(sum));  // keeps it in one register, see column_lanes.cpp
  }
};

struct Bf16Unit : Pairs {
  [[gnu::always_inline]] static const std::byte* words(const std::byte* values,
                                                       std::byte* /*scratch*/) {
    return values;
  }
};

struct Fp8Unit : Pairs {
  [[gnu::always_inline]] static const std::byte* words(const std::byte* values,
                                                       std::byte* scratch) {
    const __m512i codes =
        _mm512_cvtepu8_epi16(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(values)));
    _mm512_store_si512(scratch, low_fp8_to_bf16(codes));
    return scratch;
  }
};

struct Fp16Unit : Lanes {
  [[gnu::always_inline]] static const std::byte* words(const std::byte* values,
                                                       std::byte* scratch) {
    const auto* halves = reinterpret_cast<const __m256i*>(values);
    _mm512_store_ps(scratch, _mm512_cvtph_ps(_mm256_loadu_si256(halves)));
    _mm512_store_ps(scratch + 64, _mm512_cvtph_ps(_mm256_loadu_si256(halves + 1)));
    return scratch;
  }
  [[gnu::always_inline]] static void choices(const std::byte* activations, std::int64_t stride,
                                             std::byte* to, std::int64_t choice_stride) {
    TWOFOUR_UNROLL for (int i = 0; i < 4; ++i) {
      _mm512_store_ps(to + i * choice_stride, _mm512_loadu_ps(activations + i * stride));
    }
  }
  [[gnu::always_inline]] static void add(Sum& sum, const std::byte* choice, __m512i word) {
    sum = _mm512_fmadd_ps(_mm512_load_ps(choice), _mm512_castsi512_ps(word), sum);
    asm("" : "+v"(sum));
  }
};

}  // namespace

constinit const Kernel bf16_two_four_rows = RowLanes<Bf16Unit, Bf16Pairs>::kernel(
    "activations chosen by address, vdpbf16ps, tiles of 64 rows", Isa::kAvx512, DataType::kBf16,
    17);
constinit const Kernel fp8_two_four_rows = RowLanes<Fp8Unit, Fp8Pairs>::kernel(
    "fp8 to bf16, activations chosen by address, vdpbf16ps, tiles of 64 rows", Isa::kAvx512,
    DataType::kFp8E4m3, 17);
constinit const Kernel fp16_two_four_rows = RowLanes<Fp16Unit, Fp16Singles>::kernel(
    "activations chosen by address, vfmaddps, tiles of 64 rows", Isa::kAvx512, DataType::kFp16, 17);

}  // namespace twofour::providers::cpu::avx512
