// Row-lanes 2:4 kernels for AVX2, FMA and F16C: bfloat16, fp8 and fp16 as float32, int8 in pairs of
// int16.
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
#include "providers/cpu/avx2/epilogue.h"
#include "providers/cpu/avx2/lanes.h"
#include "providers/cpu/kernel_list.h"
#include "providers/cpu/tile_loop.h"
#include "providers/cpu/two_four.h"

namespace twofour::providers::cpu::avx2 {
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
  static constexpr int kLanes = 8;
  static constexpr int kBlockRows = 32;
  static constexpr int kSpareRows = 16;
  // Nearly all of a first-level cache of 32 KiB: two blocks of k of int8, three of the others, for
  // 40 rows. Its lines are in use all the time, and what else passes by does not push them out.
  static constexpr std::int64_t kTableBytes = 30 * 1024;
  // Half of a second-level cache of 512 KiB. With more row blocks together fewer panels would share
  // a table of choices.
  static constexpr std::int64_t kSumBytes = 256 * 1024;
  static constexpr std::int64_t kBlocksTogether = 4;
  using Four = __m256i;
  /// Eight sums hide the four cycles of a product, and leave registers for the words.
  static constexpr int batch(int vectors) { return vectors == 1 ? 8 : vectors == 2 ? 4 : 2; }
  /// Four words are one load; each is then put into all lanes by a shuffle, which takes another
  /// port than loads.
  [[gnu::always_inline]] static Four four(const std::byte* words) {
    return _mm256_broadcastsi128_si256(_mm_loadu_si128(reinterpret_cast<const __m128i*>(words)));
  }
  template <int i>
  [[gnu::always_inline]] static __m256i word(Four four) {
    return _mm256_shuffle_epi32(four, i * 0x55);
  }
};

struct Singles : Lanes {
  using Sum = __m256;
  [[gnu::always_inline]] static Sum zero() { return _mm256_setzero_ps(); }
  [[gnu::always_inline]] static Sum load_sum(const std::uint32_t* from) {
    return _mm256_loadu_ps(reinterpret_cast<const float*>(from));
  }
  [[gnu::always_inline]] static void store_sum(std::uint32_t* to, Sum sum) {
    _mm256_storeu_ps(reinterpret_cast<float*>(to), sum);
  }
  [[gnu::always_inline]] static void choices(const std::byte* activations, std::int64_t stride,
                                             std::byte* to, std::int64_t choice_stride) {
    TWOFOUR_UNROLL for (int i = 0; i < 4; ++i) {
      _mm256_store_si256(reinterpret_cast<__m256i*>(to + i * choice_stride),
                         load(activations + i * stride));
    }
  }
  [[gnu::always_inline]] static void add(Sum& sum, const std::byte* choice, __m256i word) {
    sum = _mm256_fmadd_ps(_mm256_load_ps(reinterpret_cast<const float*>(choice)),
                          _mm256_castsi256_ps(word), sum);
    asm("" : "+x"(sum));
  }
  [[gnu::always_inline]] static void store(const ColumnEpilogue& epilogue, std::int64_t row,
                                           const std::uint32_t* sums, const float* starts) {
    epilogue.store(row, _mm256_add_ps(load_sum(sums), _mm256_load_ps(starts)),
                   _mm256_add_ps(load_sum(sums + 8), _mm256_load_ps(starts + 8)));
  }
};

[[gnu::always_inline]] inline void store_words(std::byte* to, __m256 words) {
  _mm256_store_si256(reinterpret_cast<__m256i*>(to), _mm256_castps_si256(words));
}

struct Bf16Unit : Singles {
  [[gnu::always_inline]] static const std::byte* words(const std::byte* values,
                                                       std::byte* scratch) {
    TWOFOUR_UNROLL for (int i = 0; i < 4; ++i) {
      const __m256i eight =
          _mm256_cvtepu16_epi32(_mm_loadu_si128(reinterpret_cast<const __m128i*>(values + 16 * i)));
      store_words(scratch + 32 * i, first_bf16(eight));
    }
    return scratch;
  }
};

struct Fp8Unit : Singles {
  [[gnu::always_inline]] static const std::byte* words(const std::byte* values,
                                                       std::byte* scratch) {
    TWOFOUR_UNROLL for (int i = 0; i < 2; ++i) {
      const __m256i codes =
          _mm256_cvtepu8_epi16(_mm_loadu_si128(reinterpret_cast<const __m128i*>(values + 16 * i)));
      __m256 wide[2];
      widen_fp16(low_fp8_to_fp16(codes), wide);
      store_words(scratch + 64 * i, wide[0]);
      store_words(scratch + 64 * i + 32, wide[1]);
    }
    return scratch;
  }
};

struct Fp16Unit : Singles {
  [[gnu::always_inline]] static const std::byte* words(const std::byte* values,
                                                       std::byte* scratch) {
    TWOFOUR_UNROLL for (int i = 0; i < 4; ++i) {
      store_words(scratch + 32 * i, load_fp16(values + 16 * i));
    }
    return scratch;
  }
};

struct Int8Unit : Lanes {
  using Sum = __m256i;
  [[gnu::always_inline]] static Sum zero() { return _mm256_setzero_si256(); }
  [[gnu::always_inline]] static Sum load_sum(const std::uint32_t* from) {
    return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(from));
  }
  [[gnu::always_inline]] static void store_sum(std::uint32_t* to, Sum sum) {
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(to), sum);
  }
  [[gnu::always_inline]] static void choices(const std::byte* activations, std::int64_t stride,
                                             std::byte* to, std::int64_t choice_stride) {
    __m256i four[4];
    TWOFOUR_UNROLL for (int i = 0; i < 4; ++i) {
      four[i] = _mm256_cvtepu16_epi32(
          _mm_loadu_si128(reinterpret_cast<const __m128i*>(activations + i * stride)));
    }
    for (const auto [first, second] : kPairOrder) {
      _mm256_store_si256(reinterpret_cast<__m256i*>(to),
                         _mm256_or_si256(four[first], _mm256_slli_epi32(four[second], 16)));
      to += choice_stride;
    }
  }
  [[gnu::always_inline]] static const std::byte* words(const std::byte* values,
                                                       std::byte* scratch) {
    TWOFOUR_UNROLL for (int i = 0; i < 2; ++i) {
      const __m256i wide =
          _mm256_cvtepi8_epi16(_mm_loadu_si128(reinterpret_cast<const __m128i*>(values + 16 * i)));
      _mm256_store_si256(reinterpret_cast<__m256i*>(scratch + 32 * i), wide);
    }
    return scratch;
  }
  [[gnu::always_inline]] static void add(Sum& sum, const std::byte* choice, __m256i word) {
    const __m256i pairs = _mm256_load_si256(reinterpret_cast<const __m256i*>(choice));
    sum = _mm256_add_epi32(sum, _mm256_madd_epi16(word, pairs));
    asm("" : "+x"(sum));
  }
  [[gnu::always_inline]] static void store(const ColumnEpilogue& epilogue, std::int64_t row,
                                           const std::uint32_t* sums, const float* /*starts*/) {
    epilogue.store(row, _mm256_cvtepi32_ps(load_sum(sums)), _mm256_cvtepi32_ps(load_sum(sums + 8)));
  }
};

// One row more than a vector costs as much as a second one; column lanes are then faster up to the
// rows before these.
constexpr int kInt8MinRows = 12;
constexpr int kFp8MinRows = 9;
constexpr int kMinRows = 11;

}  // namespace

constinit const Kernel i8_two_four_rows = RowLanes<Int8Unit, Int8Pairs>::kernel(
    "activations chosen by address, vpmaddwd, blocks of 32 rows", Isa::kAvx2, DataType::kInt8,
    kInt8MinRows);
constinit const Kernel bf16_two_four_rows = RowLanes<Bf16Unit, Bf16Singles>::kernel(
    "activations chosen by address, vfmaddps, blocks of 32 rows", Isa::kAvx2, DataType::kBf16,
    kMinRows);
constinit const Kernel fp8_two_four_rows = RowLanes<Fp8Unit, Fp8Singles>::kernel(
    "fp8 to fp16 to float32, activations chosen by address, vfmaddps, blocks of 32 rows",
    Isa::kAvx2, DataType::kFp8E4m3, kFp8MinRows);
constinit const Kernel fp16_two_four_rows = RowLanes<Fp16Unit, Fp16Singles>::kernel(
    "activations chosen by address, vfmaddps, blocks of 32 rows", Isa::kAvx2, DataType::kFp16,
    kMinRows);

}  // namespace twofour::providers::cpu::avx2
