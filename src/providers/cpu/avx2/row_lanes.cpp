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
  // Nearly all of a first-level cache of 32 KiB. For 40 rows that is the table of two blocks of k
  // of int8, or of three of the other types. The table is read all the time, so that data that is
  // used once does not evict it.
  static constexpr std::int64_t kTableBytes = 30 * 1024;
  // Half of a second-level cache of 512 KiB. More row blocks in a group would leave room for fewer
  // panels, and each table is filled for the panels of one group.
  static constexpr std::int64_t kAccumulatorBytes = 256 * 1024;
  static constexpr std::int64_t kGroupBlocks = 4;
  /// Eight accumulators hide the four cycles of a product, and leave registers for the words.
  static constexpr int batch(int vectors) { return vectors == 1 ? 8 : vectors == 2 ? 4 : 2; }
};

/// Loads four words at once and broadcasts each one by a shuffle, which runs on another port than
/// loads.
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

/// The odd row's activations of a block of k: [kPlanes][64 k] 16-bit halves of float32, first the
/// upper halves, then, where those do not hold the whole value, the lower ones. One VPSHUFB gathers
/// the halves of eight words and puts them into place.
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

  [[gnu::always_inline]] static void add_odd(Accumulator& accumulator, const std::byte* activations,
                                             const std::byte* codes, const std::byte* words) {
    // Word j of eight has its position in bits 2 j and 2 j + 1 of `positions`, within group j / 2.
    // Each 128-bit half of a vector holds the words of two groups.
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
        // The shift leaves index 0 in the two upper bytes of each lane, which gathers byte 0 of the
        // lower halves. That is zero: a float32 widened from fp16 ends in 13 zero bits.
        const __m256i lower = _mm256_shuffle_epi8(load(activations + kPlaneBytes + 32 * i),
                                                  _mm256_srli_epi32(order, 16));
        chosen = _mm256_or_si256(chosen, lower);
      }
      accumulator = _mm256_fmadd_ps(_mm256_castsi256_ps(chosen),
                                    _mm256_castsi256_ps(load(words + 32 * i)), accumulator);
    }
  }
};

[[gnu::always_inline]] inline void store_words(std::byte* to, __m256 words) {
  _mm256_store_si256(reinterpret_cast<__m256i*>(to), _mm256_castps_si256(words));
}

struct Bf16Ops : Singles<1> {
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

struct Fp8Ops : Singles<1> {
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

struct Fp16Ops : Singles<2> {
  [[gnu::always_inline]] static const std::byte* words(const std::byte* values,
                                                       std::byte* scratch) {
    TWOFOUR_UNROLL for (int i = 0; i < 4; ++i) {
      store_words(scratch + 32 * i, load_fp16(values + 16 * i));
    }
    return scratch;
  }
};

struct Int8Ops : SpreadWords<RowOps<Vectors>>, Blocking {
  using Accumulator = __m256i;
  using Scalar = std::uint32_t;
  [[gnu::always_inline]] static Accumulator zero() { return _mm256_setzero_si256(); }
  [[gnu::always_inline]] static Accumulator load_accumulator(const std::uint32_t* from) {
    return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(from));
  }
  [[gnu::always_inline]] static void store_accumulator(std::uint32_t* to, Accumulator accumulator) {
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(to), accumulator);
  }
  [[gnu::always_inline]] static __m256 to_float(Accumulator accumulator) {
    return _mm256_cvtepi32_ps(accumulator);
  }
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
  [[gnu::always_inline]] static void add(Accumulator& accumulator, const std::byte* choice,
                                         __m256i word) {
    const __m256i pairs = _mm256_load_si256(reinterpret_cast<const __m256i*>(choice));
    accumulator = _mm256_add_epi32(accumulator, _mm256_madd_epi16(word, pairs));
    asm("" : "+x"(accumulator));
  }

  /// The odd row's activations of a block of k: [64 k] bytes. One VPSHUFB gathers those of eight
  /// groups into the high bytes of int16 lanes; a shift then extends the signs.
  static constexpr std::int64_t kOddBytes = kBlockDepth;
  static void odd_activations(const std::byte* elements, std::byte* to) {
    for (std::int64_t i = 0; i < kBlockDepth; ++i) to[i] = elements[2 * i];
  }
  [[gnu::always_inline]] static void add_odd(Accumulator& accumulator, const std::byte* activations,
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
      accumulator = _mm256_add_epi32(accumulator, _mm256_madd_epi16(chosen, load(words + 32 * i)));
    }
  }
};

// Fewest rows. With fewer, the second vector of rows is too empty, and column lanes are faster.
constexpr int kInt8MinRows = 12;
constexpr int kFp8MinRows = 9;
constexpr int kMinRows = 11;

}  // namespace

constinit const Kernel i8_two_four_rows = RowLanes<Int8Ops, Int8Pairs>::kernel(
    "activations chosen by address, vpmaddwd, blocks of 32 rows", Isa::kAvx2, DataType::kInt8,
    kInt8MinRows);
constinit const Kernel bf16_two_four_rows = RowLanes<Bf16Ops, Bf16Singles>::kernel(
    "activations chosen by address, vfmaddps, blocks of 32 rows", Isa::kAvx2, DataType::kBf16,
    kMinRows);
constinit const Kernel fp8_two_four_rows = RowLanes<Fp8Ops, Fp8Singles>::kernel(
    "fp8 to fp16 to float32, activations chosen by address, vfmaddps, blocks of 32 rows",
    Isa::kAvx2, DataType::kFp8E4m3, kFp8MinRows);
constinit const Kernel fp16_two_four_rows = RowLanes<Fp16Ops, Fp16Singles>::kernel(
    "activations chosen by address, vfmaddps, blocks of 32 rows", Isa::kAvx2, DataType::kFp16,
    kMinRows);

}  // namespace twofour::providers::cpu::avx2
