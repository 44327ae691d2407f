// Column-lanes kernels for AVX2, FMA and F16C: bfloat16, fp8 and fp16 as float32, int8 in pairs of
// int16.
#include <immintrin.h>

#include <algorithm>
#include <array>
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

#include "providers/cpu/column_lanes/all.inl"
#include "providers/cpu/column_lanes/blocked.inl"

/// Float32 accumulators of sixteen columns in two vectors; words come in pairs.
struct Lanes : ColumnSingles<Vectors, 2> {
  /// With few rows several panels, for the reasons given in avx512/panels.h.
  static constexpr int panels_at_once(int rows) { return rows == 1 ? 4 : rows == 2 ? 2 : 1; }
};

struct Bf16Ops : Lanes {
  [[gnu::always_inline]] static void load(const std::byte* packed, Word (&words)[2][2]) {
    TWOFOUR_UNROLL for (int v = 0; v < 2; ++v) {
      const __m256i pairs = avx2::load(packed + 32 * v);
      words[0][v] = first_bf16(pairs);
      words[1][v] = second_bf16(pairs);
    }
  }
};

struct Fp8Ops : Lanes {
  [[gnu::always_inline]] static void load(const std::byte* packed, Word (&words)[2][2]) {
    const __m256i codes = avx2::load(packed);
    widen_fp16(low_fp8_to_fp16(codes), words[0]);
    widen_fp16(high_fp8_to_fp16(codes), words[1]);
  }
};

struct Fp16Ops : Lanes {
  [[gnu::always_inline]] static void load(const std::byte* packed, Word (&words)[2][2]) {
    TWOFOUR_UNROLL for (int i = 0; i < 2; ++i) {
      TWOFOUR_UNROLL for (int v = 0; v < 2; ++v) {
        words[i][v] = load_fp16(packed + 32 * i + 16 * v);
      }
    }
  }
};

/// int8 widened to int16: VPMADDWD adds two products to each of eight int32 lanes, exactly.
/// VPMADDUBSW would take bytes, but it saturates, and making one operand unsigned by moving its
/// signs to the other one fails for -128.
struct Int8Ops {
  static constexpr int kProducts = 32;
  static constexpr bool kPanelsInside = false;
  static constexpr int kVectors = 2;
  static constexpr int kLoadWords = 2;
  using Accumulator = __m256i;
  using Word = __m256i;
  using Indices = __m256i;
  using Control = __m256i;
  [[gnu::always_inline]] static Accumulator zero() { return _mm256_setzero_si256(); }
  [[gnu::always_inline]] static void load(const std::byte* packed, Word (&words)[2][2]) {
    TWOFOUR_UNROLL for (int i = 0; i < 4; ++i) words[i / 2][i % 2] = widen(packed + 16 * i);
  }
  [[gnu::always_inline]] static Word widen(const std::byte* sixteen) {
    return _mm256_cvtepi8_epi16(_mm_loadu_si128(reinterpret_cast<const __m128i*>(sixteen)));
  }
  [[gnu::always_inline]] static __m256i broadcast(const std::byte* activations) {
    std::int32_t pair;
    std::memcpy(&pair, activations, sizeof(pair));
    return _mm256_set1_epi32(pair);
  }
  [[gnu::always_inline]] static void add(Accumulator& accumulator, __m256i activations, Word word) {
    accumulator = _mm256_add_epi32(accumulator, _mm256_madd_epi16(activations, word));
    // Keeps g++ from computing all products of a k-step first, which spills them to memory.
    asm("" : "+x"(accumulator));
  }
  [[gnu::always_inline]] static void store(const ColumnEpilogue& epilogue, std::int64_t row,
                                           const Accumulator* accumulators) {
    const __m256 floats[2] = {_mm256_cvtepi32_ps(accumulators[0]),
                              _mm256_cvtepi32_ps(accumulators[1])};
    epilogue.store(row, floats);
  }
  static constexpr int panels_at_once(int rows) { return Lanes::panels_at_once(rows); }
};

/// int8 2:4: one shuffle and one product where dense has two products. With eight accumulators
/// there are registers left for the vectors of one word only.
struct Int8TwoFourOps : Int8Ops {
  static constexpr int kProducts =
      64;  // unrolls a whole k-step of four rows, which makes all shifts constants
  static constexpr int kLoadWords = 1;
  [[gnu::always_inline]] static void load(const std::byte* packed, Word (&words)[1][2]) {
    TWOFOUR_UNROLL for (int v = 0; v < 2; ++v) words[0][v] = widen(packed + 16 * v);
  }
  [[gnu::always_inline]] static __m256i group(const std::byte* activations) {
    std::int64_t four;
    std::memcpy(&four, activations, sizeof(four));
    return _mm256_set1_epi64x(four);
  }
  /// Where a k-step's nibbles of pairs are in memory, and the bit of the next one. They are read
  /// again for each word, because in registers they would displace accumulators.
  struct Indices {
    const std::byte* nibbles;
    int bit;
  };
  [[gnu::always_inline]] static Indices indices(const std::byte* step, std::size_t vector) {
    return {step + 32 * vector, 0};
  }
  /// VPSHUFB control of each column, looked up by the number of its pair. The lookup, VPERMD, reads
  /// only the low three bits of each lane, so the nibble needs no mask.
  [[gnu::always_inline]] static Control control(const Indices& indices) {
    alignas(32) static constexpr auto kControls = [] {
      std::array<std::uint32_t, 8> controls{};
      for (std::size_t i = 0; i < kPairOrder.size(); ++i) {
        const std::uint32_t first = 2U * kPairOrder[i].first;
        const std::uint32_t second = 2U * kPairOrder[i].second;
        controls[i] = first | (first + 1) << 8U | second << 16U | (second + 1) << 24U;
      }
      return controls;
    }();
    const auto* table = reinterpret_cast<const __m256i*>(kControls.data());
    return _mm256_permutevar8x32_epi32(_mm256_load_si256(table),
                                       _mm256_srli_epi32(avx2::load(indices.nibbles), indices.bit));
  }
  [[gnu::always_inline]] static Indices next(const Indices& indices) {
    return {indices.nibbles, indices.bit + 4};
  }
  [[gnu::always_inline]] static __m256i select(__m256i group, Control control) {
    return _mm256_shuffle_epi8(group, control);
  }
};

// Of the sixteen vector registers each row of accumulators takes two. A pair of words takes four, a
// row's activations one, and in 2:4 indices and selected activations three.
constexpr int kDenseRows = 5;
constexpr int kTwoFourRows = 4;
// The blocked kernels read words from scratch memory, so two registers are enough for them.
constexpr int kBlockedRows = 6;
constexpr int kMinBlockedRows = 9;

template <class Ops, class Format>
constexpr Kernel blocked_kernel(std::string_view name, DataType type) {
  return BlockedDense<Ops, Format, kBlockedRows, 1>::kernel(name, Isa::kAvx2, type,
                                                            kMinBlockedRows);
}

template <class Ops, class Format>
constexpr Kernel dense_kernel(std::string_view name, DataType type) {
  return ColumnLanes<Ops, Format, Sparsity::kDense, kDenseRows>::kernel(name, Isa::kAvx2, type);
}

template <class Ops, class Format>
constexpr Kernel two_four_kernel(std::string_view name, DataType type) {
  return ColumnLanes<Ops, Format, Sparsity::kTwoFour, kTwoFourRows>::kernel(name, Isa::kAvx2, type);
}

}  // namespace

constinit const Kernel i8_dense =
    dense_kernel<Int8Ops, Int8Pairs>("vpmaddwd, tiles of 5 rows x 16 columns", DataType::kInt8);
constinit const Kernel i8_two_four = two_four_kernel<Int8TwoFourOps, Int8Pairs>(
    "vpshufb of activations, vpmaddwd, tiles of 4 rows x 16 columns", DataType::kInt8);
constinit const Kernel i8_dense_blocked = blocked_kernel<Int8Ops, Int8Pairs>(
    "weights to int16 by chunks, vpmaddwd, tiles of 6 rows x 16 columns", DataType::kInt8);
constinit const Kernel bf16_dense_blocked = blocked_kernel<Bf16Ops, Bf16Singles>(
    "weights to float32 by chunks, vfmaddps, tiles of 6 rows x 16 columns", DataType::kBf16);
constinit const Kernel fp8_dense_blocked = blocked_kernel<Fp8Ops, Fp8Singles>(
    "weights to float32 by chunks, vfmaddps, tiles of 6 rows x 16 columns", DataType::kFp8E4m3);
constinit const Kernel fp16_dense_blocked = blocked_kernel<Fp16Ops, Fp16Singles>(
    "weights to float32 by chunks, vfmaddps, tiles of 6 rows x 16 columns", DataType::kFp16);
constinit const Kernel bf16_dense =
    dense_kernel<Bf16Ops, Bf16Singles>("vfmaddps, tiles of 5 rows x 16 columns", DataType::kBf16);
constinit const Kernel bf16_two_four = two_four_kernel<Bf16Ops, Bf16Singles>(
    "vpermilps of activations, vfmaddps, tiles of 4 rows x 16 columns", DataType::kBf16);
constinit const Kernel fp8_dense = dense_kernel<Fp8Ops, Fp8Singles>(
    "fp8 to fp16 to float32, vfmaddps, tiles of 5 rows x 16 columns", DataType::kFp8E4m3);
constinit const Kernel fp8_two_four = two_four_kernel<Fp8Ops, Fp8Singles>(
    "fp8 to fp16 to float32, vpermilps of activations, vfmaddps, tiles of 4 rows x 16 columns",
    DataType::kFp8E4m3);
constinit const Kernel fp16_dense =
    dense_kernel<Fp16Ops, Fp16Singles>("vfmaddps, tiles of 5 rows x 16 columns", DataType::kFp16);
constinit const Kernel fp16_two_four = two_four_kernel<Fp16Ops, Fp16Singles>(
    "vpermilps of activations, vfmaddps, tiles of 4 rows x 16 columns", DataType::kFp16);

}  // namespace twofour::providers::cpu::avx2
