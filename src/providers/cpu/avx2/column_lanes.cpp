// Column-lanes kernels for AVX2, FMA and F16C: bfloat16, fp8 and fp16 as float32, int8 (dense;
// i8.cpp has its 2:4) in pairs of int16.
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
#include "providers/cpu/column_lanes/tile.inl"
#include "providers/cpu/column_lanes/kernel.inl"
#include "providers/cpu/column_lanes/blocked.inl"
// clang-format on

/// Float32 sums of sixteen columns in two vectors; words come in pairs.
struct Lanes {
  static constexpr int kVectors = 2;
  static constexpr int kLoadWords = 2;
  using Sum = __m256;
  using Word = __m256;
  using Indices = __m256i;
  using Control = __m256i;
  [[gnu::always_inline]] static Sum zero() { return _mm256_setzero_ps(); }
  [[gnu::always_inline]] static void add_starts(const std::byte* panel, Sum* sums) {
    sums[0] = _mm256_add_ps(sums[0], _mm256_castsi256_ps(avx2::load(panel)));
    sums[1] = _mm256_add_ps(sums[1], _mm256_castsi256_ps(avx2::load(panel + 32)));
  }
  [[gnu::always_inline]] static __m256 broadcast(const std::byte* activations) {
    float one;
    std::memcpy(&one, activations, sizeof(one));
    return _mm256_set1_ps(one);
  }
  [[gnu::always_inline]] static __m256 group(const std::byte* activations) {
    return _mm256_broadcast_ps(reinterpret_cast<const __m128*>(activations));
  }
  [[gnu::always_inline]] static __m256i indices(const std::byte* step, std::size_t vector) {
    return avx2::load(step + 32 * vector);
  }
  /// VPERMILPS looks at the low two bits of each index word alone.
  [[gnu::always_inline]] static Control control(__m256i indices) { return indices; }
  [[gnu::always_inline]] static __m256i next(__m256i indices) {
    return _mm256_srli_epi32(indices, 2);
  }
  [[gnu::always_inline]] static __m256 select(__m256 group, Control control) {
    return _mm256_permutevar_ps(group, control);
  }
  [[gnu::always_inline]] static void add(Sum& sum, __m256 activations, Word word) {
    sum = _mm256_fmadd_ps(activations, word, sum);
    asm("" : "+x"(sum));  // keeps it in one register, see avx512/column_lanes.cpp
  }
  [[gnu::always_inline]] static void store(const ColumnEpilogue& epilogue, std::int64_t row,
                                           const Sum* sums) {
    epilogue.store(row, sums[0], sums[1]);
  }
  /// With few rows several panels, for the reasons given in avx512/column_lanes.cpp.
  static constexpr int panels_at_once(int rows) { return rows == 1 ? 4 : rows == 2 ? 2 : 1; }
};

struct Bf16Unit : Lanes {
  [[gnu::always_inline]] static void load(const std::byte* packed, Word (&words)[2][2]) {
    TWOFOUR_UNROLL for (int v = 0; v < 2; ++v) {
      const __m256i pairs = avx2::load(packed + 32 * v);
      words[0][v] = first_bf16(pairs);
      words[1][v] = second_bf16(pairs);
    }
  }
};

struct Fp8Unit : Lanes {
  [[gnu::always_inline]] static void load(const std::byte* packed, Word (&words)[2][2]) {
    const __m256i codes = avx2::load(packed);
    widen_fp16(low_fp8_to_fp16(codes), words[0]);
    widen_fp16(high_fp8_to_fp16(codes), words[1]);
  }
};

struct Fp16Unit : Lanes {
  [[gnu::always_inline]] static void load(const std::byte* packed, Word (&words)[2][2]) {
    TWOFOUR_UNROLL for (int i = 0; i < 2; ++i) {
      TWOFOUR_UNROLL for (int v = 0; v < 2; ++v) {
        words[i][v] = load_fp16(packed + 32 * i + 16 * v);
      }
    }
  }
};

/// vpmaddwd adds two products to each of eight int32 lanes, exactly. vpmaddubsw takes bytes but
/// saturates, and moving signs between its operands fails for -128.
struct Int8Unit {
  static constexpr int kVectors = 2;
  static constexpr int kLoadWords = 2;
  using Sum = __m256i;
  using Word = __m256i;
  using Indices = __m256i;  // of 2:4 tiles, which are not made from this
  using Control = __m256i;
  [[gnu::always_inline]] static Sum zero() { return _mm256_setzero_si256(); }
  [[gnu::always_inline]] static void load(const std::byte* packed, Word (&words)[2][2]) {
    TWOFOUR_UNROLL for (int i = 0; i < 4; ++i) {
      words[i / 2][i % 2] =
          _mm256_cvtepi8_epi16(_mm_loadu_si128(reinterpret_cast<const __m128i*>(packed + 16 * i)));
    }
  }
  [[gnu::always_inline]] static __m256i broadcast(const std::byte* activations) {
    std::int32_t pair;
    std::memcpy(&pair, activations, sizeof(pair));
    return _mm256_set1_epi32(pair);
  }
  [[gnu::always_inline]] static void add(Sum& sum, __m256i activations, Word word) {
    sum = _mm256_add_epi32(sum, _mm256_madd_epi16(activations, word));
    // Keeps g++ from adding the products of a whole step up first, with all of them in memory.
    asm("" : "+x"(sum));
  }
  [[gnu::always_inline]] static void store(const ColumnEpilogue& epilogue, std::int64_t row,
                                           const Sum* sums) {
    epilogue.store(row, _mm256_cvtepi32_ps(sums[0]), _mm256_cvtepi32_ps(sums[1]));
  }
  static constexpr int panels_at_once(int rows) { return Lanes::panels_at_once(rows); }
};

// Of sixteen registers two rows of sums take four; a pair of words takes four, a row's activations
// one, and in 2:4 indices and choices three.
constexpr int kDenseRows = 5;
constexpr int kTwoFourRows = 4;
// With words from scratch two registers do for them.
constexpr int kBlockedRows = 6;
constexpr int kMinBlockedRows = 9;

template <class Unit, class Format>
constexpr Kernel blocked_kernel(std::string_view name, DataType type) {
  return BlockedDense<Unit, Format, kBlockedRows>::kernel(name, Isa::kAvx2, type, kMinBlockedRows);
}

template <class Unit, class Format>
constexpr Kernel dense_kernel(std::string_view name, DataType type) {
  return ColumnLanes<Unit, Format, Sparsity::kDense, kDenseRows>::kernel(name, Isa::kAvx2, type);
}

template <class Unit, class Format>
constexpr Kernel two_four_kernel(std::string_view name, DataType type) {
  return ColumnLanes<Unit, Format, Sparsity::kTwoFour, kTwoFourRows>::kernel(name, Isa::kAvx2,
                                                                             type);
}

}  // namespace

constinit const Kernel i8_dense =
    dense_kernel<Int8Unit, Int8Pairs>("vpmaddwd, tiles of 5 rows x 16 columns", DataType::kInt8);
constinit const Kernel i8_dense_blocked = blocked_kernel<Int8Unit, Int8Pairs>(
    "weights to int16 by chunks, vpmaddwd, tiles of 6 rows x 16 columns", DataType::kInt8);
constinit const Kernel bf16_dense_blocked = blocked_kernel<Bf16Unit, Bf16Singles>(
    "weights to float32 by chunks, vfmaddps, tiles of 6 rows x 16 columns", DataType::kBf16);
constinit const Kernel fp8_dense_blocked = blocked_kernel<Fp8Unit, Fp8Singles>(
    "weights to float32 by chunks, vfmaddps, tiles of 6 rows x 16 columns", DataType::kFp8E4m3);
constinit const Kernel fp16_dense_blocked = blocked_kernel<Fp16Unit, Fp16Singles>(
    "weights to float32 by chunks, vfmaddps, tiles of 6 rows x 16 columns", DataType::kFp16);
constinit const Kernel bf16_dense =
    dense_kernel<Bf16Unit, Bf16Singles>("vfmaddps, tiles of 5 rows x 16 columns", DataType::kBf16);
constinit const Kernel bf16_two_four = two_four_kernel<Bf16Unit, Bf16Singles>(
    "vpermilps of activations, vfmaddps, tiles of 4 rows x 16 columns", DataType::kBf16);
constinit const Kernel fp8_dense = dense_kernel<Fp8Unit, Fp8Singles>(
    "fp8 to fp16 to float32, vfmaddps, tiles of 5 rows x 16 columns", DataType::kFp8E4m3);
constinit const Kernel fp8_two_four = two_four_kernel<Fp8Unit, Fp8Singles>(
    "fp8 to fp16 to float32, vpermilps of activations, vfmaddps, tiles of 4 rows x 16 columns",
    DataType::kFp8E4m3);
constinit const Kernel fp16_dense =
    dense_kernel<Fp16Unit, Fp16Singles>("vfmaddps, tiles of 5 rows x 16 columns", DataType::kFp16);
constinit const Kernel fp16_two_four = two_four_kernel<Fp16Unit, Fp16Singles>(
    "vpermilps of activations, vfmaddps, tiles of 4 rows x 16 columns", DataType::kFp16);

}  // namespace twofour::providers::cpu::avx2
