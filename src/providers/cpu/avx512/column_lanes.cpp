// Column-lanes kernels for AVX-512: bfloat16, fp8 and fp16 as float32.
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
#include "providers/cpu/avx2/lanes.h"
#include "providers/cpu/avx512/epilogue.h"
#include "providers/cpu/avx512/vectors.h"
#include "providers/cpu/kernel_list.h"
#include "providers/cpu/tile_loop.h"
#include "providers/cpu/two_four.h"

namespace twofour::providers::cpu::avx512 {
namespace {

#include "providers/cpu/column_lanes/all.inl"
#include "providers/cpu/column_lanes/blocked.inl"

struct Singles : ColumnSingles<Vectors, 1> {
  static constexpr bool kPanelsInside = true;
  /// With few rows several panels, for the reasons given in avx512/panels.h.
  static constexpr int panels_at_once(int rows) { return rows <= 4 ? 4 : rows <= 12 ? 2 : 1; }
};

struct Bf16Ops : Singles {
  [[gnu::always_inline]] static void load(const std::byte* packed, Word (&words)[2][1]) {
    const __m512i pairs = _mm512_loadu_si512(packed);
    words[0][0] = _mm512_castsi512_ps(_mm512_slli_epi32(pairs, 16));
    words[1][0] = _mm512_castsi512_ps(
        _mm512_and_si512(pairs, _mm512_set1_epi32(static_cast<int>(0xFFFF0000U))));
  }
};

struct Fp8Ops : Singles {
  [[gnu::always_inline]] static void load(const std::byte* packed, Word (&words)[2][1]) {
    const __m256i codes = avx2::load(packed);
    words[0][0] = _mm512_cvtph_ps(avx2::low_fp8_to_fp16(codes));
    words[1][0] = _mm512_cvtph_ps(avx2::high_fp8_to_fp16(codes));
  }
};

struct Fp16Ops : Singles {
  [[gnu::always_inline]] static void load(const std::byte* packed, Word (&words)[2][1]) {
    words[0][0] = _mm512_cvtph_ps(avx2::load(packed));
    words[1][0] = _mm512_cvtph_ps(avx2::load(packed + 32));
  }
};

// Of the 32 vector registers 24 hold accumulators. 12 rows by two panels broadcast each activation
// once for both panels; 24 rows by one panel read activations as memory operands of the products,
// and widen weights once for all rows.
constexpr int kDenseRows = 24;
constexpr int kTwoFourRows = 12;
constexpr int kBlockedRows = 12;
constexpr int kBlockedPanels = 2;
constexpr int kFp8MinBlockedRows = 16;
constexpr int kMinBlockedRows = 25;

template <class Ops, class Format>
constexpr Kernel blocked_kernel(std::string_view name, DataType type, int min_rows) {
  return BlockedDense<Ops, Format, kBlockedRows, kBlockedPanels>::kernel(name, Isa::kAvx512, type,
                                                                         min_rows);
}

template <class Ops, class Format>
constexpr Kernel dense_kernel(std::string_view name, DataType type) {
  return ColumnLanes<Ops, Format, Sparsity::kDense, kDenseRows>::kernel(name, Isa::kAvx512, type);
}

template <class Ops, class Format>
constexpr Kernel two_four_kernel(std::string_view name, DataType type) {
  return ColumnLanes<Ops, Format, Sparsity::kTwoFour, kTwoFourRows>::kernel(name, Isa::kAvx512,
                                                                            type);
}

}  // namespace

constinit const Kernel bf16_dense_blocked = blocked_kernel<Bf16Ops, Bf16Singles>(
    "weights to float32 by chunks, vfmaddps, tiles of 12 rows x 32 columns", DataType::kBf16,
    kMinBlockedRows);
constinit const Kernel bf16_dense =
    dense_kernel<Bf16Ops, Bf16Singles>("vfmaddps, tiles of 24 rows x 16 columns", DataType::kBf16);
constinit const Kernel bf16_two_four = two_four_kernel<Bf16Ops, Bf16Singles>(
    "vpermilps of activations, vfmaddps, tiles of 12 rows x 32 columns", DataType::kBf16);
constinit const Kernel fp8_dense_blocked = blocked_kernel<Fp8Ops, Fp8Singles>(
    "weights to float32 by chunks, vfmaddps, tiles of 12 rows x 32 columns", DataType::kFp8E4m3,
    kFp8MinBlockedRows);
constinit const Kernel fp8_dense = dense_kernel<Fp8Ops, Fp8Singles>(
    "fp8 to fp16 to float32, vfmaddps, tiles of 24 rows x 16 columns", DataType::kFp8E4m3);
constinit const Kernel fp8_two_four = two_four_kernel<Fp8Ops, Fp8Singles>(
    "fp8 to fp16 to float32, vpermilps of activations, vfmaddps, tiles of 12 rows x 32 columns",
    DataType::kFp8E4m3);
constinit const Kernel fp16_dense_blocked = blocked_kernel<Fp16Ops, Fp16Singles>(
    "weights to float32 by chunks, vfmaddps, tiles of 12 rows x 32 columns", DataType::kFp16,
    kMinBlockedRows);
constinit const Kernel fp16_dense =
    dense_kernel<Fp16Ops, Fp16Singles>("vfmaddps, tiles of 24 rows x 16 columns", DataType::kFp16);
constinit const Kernel fp16_two_four = two_four_kernel<Fp16Ops, Fp16Singles>(
    "vpermilps of activations, vfmaddps, tiles of 12 rows x 32 columns", DataType::kFp16);

}  // namespace twofour::providers::cpu::avx512
