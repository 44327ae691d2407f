// Column-lanes kernels for AVX-512 with BF16: bfloat16 and fp8 in pairs (VDPBF16PS).
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
#include "providers/cpu/avx512/epilogue.h"
#include "providers/cpu/avx512/panels.h"
#include "providers/cpu/avx512/vectors.h"
#include "providers/cpu/avx512_bf16/fp8.h"
#include "providers/cpu/kernel_list.h"
#include "providers/cpu/tile_loop.h"
#include "providers/cpu/two_four.h"

namespace twofour::providers::cpu::avx512_bf16 {
namespace {

using avx512::ColumnEpilogue;
using avx512::Panels;
using avx512::Vectors;

#include "providers/cpu/column_lanes/all.inl"

struct Pairs : ColumnFloats<Vectors, 1>, Panels {
  using Word = __m512i;
  using Control = __m512i;
  [[gnu::always_inline]] static __m512i broadcast(const std::byte* activations) {
    std::int32_t pair;
    std::memcpy(&pair, activations, sizeof(pair));
    return _mm512_set1_epi32(pair);
  }
  [[gnu::always_inline]] static __m512i group(const std::byte* activations) {
    std::int64_t four;
    std::memcpy(&four, activations, sizeof(four));
    return _mm512_set1_epi64(four);
  }
  /// VPSHUFB control of each column: bytes 2 i0, 2 i0 + 1, 2 i1, 2 i1 + 1, looked up by i0 | i1
  /// << 2. The lookup, VPERMD, reads only the low four bits of each lane, so the nibble needs no
  /// mask.
  [[gnu::always_inline]] static Control control(__m512i indices) {
    alignas(64) static constexpr auto kControls = [] {
      std::array<std::uint32_t, 16> controls{};
      for (std::uint32_t code = 0; code < 16; ++code) {
        const std::uint32_t low = 2 * (code & 3U);
        const std::uint32_t high = 2 * (code >> 2U);
        controls[code] = low | (low + 1) << 8U | high << 16U | (high + 1) << 24U;
      }
      return controls;
    }();
    return _mm512_permutexvar_epi32(indices, _mm512_load_si512(kControls.data()));
  }
  [[gnu::always_inline]] static __m512i next(__m512i indices) {
    return _mm512_srli_epi32(indices, 4);
  }
  [[gnu::always_inline]] static __m512i select(__m512i group, Control control) {
    return _mm512_shuffle_epi8(group, control);
  }
  [[gnu::always_inline]] static void add(Accumulator& accumulator, __m512i activations, Word word) {
    accumulator = _mm512_dpbf16_ps(accumulator, reinterpret_cast<__m512bh>(activations),
                                   reinterpret_cast<__m512bh>(word));
    Vectors::keep(accumulator);
  }
};

struct Bf16Ops : Pairs {
  static constexpr int kLoadWords = 1;
  [[gnu::always_inline]] static void load(const std::byte* packed, Word (&words)[1][1]) {
    words[0][0] = _mm512_loadu_si512(packed);
  }
};

struct Fp8Ops : Pairs {
  static constexpr int kLoadWords = 2;
  [[gnu::always_inline]] static void load(const std::byte* packed, Word (&words)[2][1]) {
    const __m512i codes = _mm512_loadu_si512(packed);
    words[0][0] = low_fp8_to_bf16(codes);
    words[1][0] = high_fp8_to_bf16(codes);
  }
};

constexpr int kMaxRows = 24;  // of the 32 vector registers so many hold accumulators
constexpr auto kDense = Sparsity::kDense;
constexpr auto kTwoFour = Sparsity::kTwoFour;

template <class Ops, class Format, Sparsity kSparsity>
constexpr Kernel make_kernel(std::string_view name, DataType type) {
  return ColumnLanes<Ops, Format, kSparsity, kMaxRows>::kernel(name, Isa::kAvx512Bf16, type);
}

}  // namespace

constinit const Kernel bf16_dense = make_kernel<Bf16Ops, Bf16Pairs, kDense>(
    "vdpbf16ps, tiles of 24 rows x 16 columns", DataType::kBf16);
constinit const Kernel bf16_two_four = make_kernel<Bf16Ops, Bf16Pairs, kTwoFour>(
    "vpshufb of activations, vdpbf16ps, tiles of 24 rows x 16 columns", DataType::kBf16);
constinit const Kernel fp8_dense = make_kernel<Fp8Ops, Fp8Pairs, kDense>(
    "fp8 to bf16, vdpbf16ps, tiles of 24 rows x 16 columns", DataType::kFp8E4m3);
constinit const Kernel fp8_two_four = make_kernel<Fp8Ops, Fp8Pairs, kTwoFour>(
    "fp8 to bf16, vpshufb of activations, vdpbf16ps, tiles of 24 rows x 16 columns",
    DataType::kFp8E4m3);
}  // namespace twofour::providers::cpu::avx512_bf16
