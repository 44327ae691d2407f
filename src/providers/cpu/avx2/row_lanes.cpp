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
#include "providers/cpu/avx2/vectors.h"
#include "providers/cpu/kernel_list.h"
#include "providers/cpu/tile_loop.h"
#include "providers/cpu/two_four.h"

namespace twofour::providers::cpu::avx2 {
namespace {

#include "providers/cpu/row_lanes/all.inl"

struct Blocking {
  static constexpr int kBlockRows = 32;
  static constexpr int kSpareRows = 16;
  // Nearly all of a first-level cache of 32 KiB: two blocks of k of int8, three of the others, for
  // 40 rows. Its lines are in use all the time, and what else passes by does not push them out.
  static constexpr std::int64_t kTableBytes = 30 * 1024;
  // Half of a second-level cache of 512 KiB. With more row blocks together fewer panels would share
  // a table of choices.
  static constexpr std::int64_t kSumBytes = 256 * 1024;
  static constexpr std::int64_t kBlocksTogether = 4;
  /// Eight sums hide the four cycles of a product, and leave registers for the words.
  static constexpr int batch(int vectors) { return vectors == 1 ? 8 : vectors == 2 ? 4 : 2; }
};

/// Four words are one load; each is then put into all lanes by a shuffle, which takes another port
/// than loads.
template <class Base>
struct SpreadWords : Base {
  using Four = __m256i;
  [[gnu::always_inline]] static Four four(const std::byte* words) {
    return _mm256_broadcastsi128_si256(_mm_loadu_si128(reinterpret_cast<const __m128i*>(words)));
  }
  template <int i>
  [[gnu::always_inline]] static __m256i word(Four four) {
    return _mm256_shuffle_epi32(four, i * 0x55);
  }
};

/// The odd row's activations are planes of shorts: the upper halves of float32, and where these do
/// not say it all the lower ones. A byte shuffle picks those of eight words and puts them in place.
template <int kPlanes>
struct Singles : SpreadWords<RowSingles<Vectors>>, Blocking {
  static constexpr std::int64_t kPlaneBytes = kBlockDepth * 2;
  static constexpr std::int64_t kOddBytes = kPlanes * kPlaneBytes;

  static void odd_activations(const std::byte* elements, std::byte* to) {
    for (std::int64_t i = 0; i < kBlockDepth; ++i) {
      std::uint16_t halves[2];
      std::memcpy(halves, elements + 4 * i, sizeof(halves));
      for (int plane = 0; plane < kPlanes; ++plane) {
        std::memcpy(to + plane * kPlaneBytes + 2 * i, &halves[1 - plane], 2);
      }
    }
  }

  [[gnu::always_inline]] static void add_odd(Sum& sum, const std::byte* activations,
                                             const std::byte* codes, const std::byte* words) {
    // Word j of eight takes position bits 2 j and 2 j + 1, in group j / 2; two groups are a half.
    const __m256 bytes =
        _mm256_castsi256_ps(_mm256_setr_epi32(0x01008080, 0x03028080, 0x05048080, 0x07068080,
                                              0x01008080, 0x03028080, 0x05048080, 0x07068080));
    const __m256i second_group =
        _mm256_setr_epi32(0, 0, 0x08080000, 0x08080000, 0, 0, 0x08080000, 0x08080000);
    const __m256i shifts = _mm256_setr_epi32(0, 2, 4, 6, 8, 10, 12, 14);
    TWOFOUR_UNROLL for (int i = 0; i < 4; ++i) {
      std::uint16_t positions;
      std::memcpy(&positions, codes + 2 * i, sizeof(positions));
      const __m256i indices = _mm256_srlv_epi32(_mm256_set1_epi32(positions), shifts);
      const __m256i order =
          _mm256_or_si256(_mm256_castps_si256(_mm256_permutevar_ps(bytes, indices)), second_group);
      __m256i chosen = _mm256_shuffle_epi8(load(activations + 32 * i), order);
      if constexpr (kPlanes == 2) {
        // The lower halves end in zeros, which is what the indices 0 in the upper bytes pick.
        const __m256i lower = _mm256_shuffle_epi8(load(activations + kPlaneBytes + 32 * i),
                                                  _mm256_srli_epi32(order, 16));
        chosen = _mm256_or_si256(chosen, lower);
      }
      sum = _mm256_fmadd_ps(_mm256_castsi256_ps(chosen), _mm256_castsi256_ps(load(words + 32 * i)),
                            sum);
    }
  }
};

[[gnu::always_inline]] inline void store_words(std::byte* to, __m256 words) {
  _mm256_store_si256(reinterpret_cast<__m256i*>(to), _mm256_castps_si256(words));
}

struct Bf16Unit : Singles<1> {
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

struct Fp8Unit : Singles<1> {
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

struct Fp16Unit : Singles<2> {
  [[gnu::always_inline]] static const std::byte* words(const std::byte* values,
                                                       std::byte* scratch) {
    TWOFOUR_UNROLL for (int i = 0; i < 4; ++i) {
      store_words(scratch + 32 * i, load_fp16(values + 16 * i));
    }
    return scratch;
  }
};

struct Int8Unit : SpreadWords<RowUnit<Vectors>>, Blocking {
  using Sum = __m256i;
  using Scalar = std::uint32_t;
  [[gnu::always_inline]] static Sum zero() { return _mm256_setzero_si256(); }
  [[gnu::always_inline]] static Sum load_sum(const std::uint32_t* from) {
    return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(from));
  }
  [[gnu::always_inline]] static void store_sum(std::uint32_t* to, Sum sum) {
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(to), sum);
  }
  [[gnu::always_inline]] static __m256 to_float(Sum sum) { return _mm256_cvtepi32_ps(sum); }
  [[gnu::always_inline]] static void choices(const std::byte* activations, std::int64_t stride,
                                             std::byte* to, std::int64_t choice_stride) {
    pair_choices<Vectors>(activations, stride, to, choice_stride);
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

  /// The odd row's activations are bytes: a byte shuffle picks those of eight groups, into the high
  /// halves of shorts.
  static constexpr std::int64_t kOddBytes = kBlockDepth;
  static void odd_activations(const std::byte* elements, std::byte* to) {
    for (std::int64_t i = 0; i < kBlockDepth; ++i) to[i] = elements[2 * i];
  }
  [[gnu::always_inline]] static void add_odd(Sum& sum, const std::byte* activations,
                                             const std::byte* codes, const std::byte* words) {
    alignas(32) static constexpr auto kBytes = [] {
      std::array<std::uint32_t, 8> bytes{};
      for (std::size_t i = 0; i < kPairOrder.size(); ++i) {
        const auto [first, second] = kPairOrder[i];
        bytes[i] = 0x00800080U | std::uint32_t{first} << 8U | std::uint32_t{second} << 24U;
      }
      return bytes;
    }();
    const __m256i table = _mm256_load_si256(reinterpret_cast<const __m256i*>(kBytes.data()));
    const __m256i group = _mm256_setr_epi32(0, 0x04000400, 0x08000800, 0x0C000C00, 0, 0x04000400,
                                            0x08000800, 0x0C000C00);
    const __m256i shifts = _mm256_setr_epi32(0, 4, 8, 12, 16, 20, 24, 28);
    TWOFOUR_UNROLL for (int i = 0; i < 2; ++i) {
      std::int32_t pairs;
      std::memcpy(&pairs, codes + 4 * i, sizeof(pairs));
      const __m256i indices = _mm256_srlv_epi32(_mm256_set1_epi32(pairs), shifts);
      const __m256i order = _mm256_or_si256(_mm256_permutevar8x32_epi32(table, indices), group);
      const __m256i chosen =
          _mm256_srai_epi16(_mm256_shuffle_epi8(load(activations + 32 * i), order), 8);
      sum = _mm256_add_epi32(sum, _mm256_madd_epi16(chosen, load(words + 32 * i)));
    }
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
