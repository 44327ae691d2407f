// Column-lanes kernels for AVX-512: bfloat16 and fp8 in pairs (VDPBF16PS), fp16 as float32.
#include <immintrin.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <type_traits>

#include "operands/number_formats.h"
#include "providers/cpu/kernel_list.h"
#include "providers/cpu/two_four.h"

// GCC 12 takes the undefined pass-through operand of its own AVX-512 intrinsics for a bug (PR
// 105593).
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#pragma GCC push_options
#pragma GCC target("avx512f,avx512bw,avx512vl,avx512dq,avx512bf16")

namespace twofour::providers::cpu::avx512 {
namespace {

// Each builds on the ones before.
// clang-format off
#include "providers/cpu/column_lanes/formats.inl"
#include "providers/cpu/column_lanes/layout.inl"
#include "providers/cpu/column_lanes/product.inl"
#include "providers/cpu/column_lanes/epilogue.inl"
#include "providers/cpu/column_lanes/kernel.inl"
// clang-format on

template <Sparsity kKind>
struct Lanes {
  static constexpr Sparsity kSparsity = kKind;
  static constexpr int kLanes = 16;
  static constexpr int kTiles = 2;
  using Sum = __m512;
  using Indices = __m512i;
  static Sum zero() { return _mm512_setzero_ps(); }
  static Sum load_sum(const float* from) { return _mm512_loadu_ps(from); }
  static void store_sum(float* to, Sum sum) { _mm512_storeu_ps(to, sum); }
  static Indices indices(const std::byte* codes) { return _mm512_loadu_si512(codes); }
  static std::int32_t word_at(const std::byte* from) {
    std::int32_t word;
    std::memcpy(&word, from, sizeof(word));
    return word;
  }
};

template <Sparsity kKind>
struct Bf16Pairs : Lanes<kKind> {
  static constexpr int kDepth = 2;
  static constexpr int kMaxRows = 12;  // 24 sums, and 6 registers to work with
  using Word = __m512i;
  using Control = __m512i;
  using Indices = __m512i;
  static Word load_word(const std::byte* values) { return _mm512_loadu_si512(values); }
  static __m512i broadcast(const std::byte* activations) {
    return _mm512_set1_epi32(Lanes<kKind>::word_at(activations));
  }
  static __m512i group(const std::byte* activations) {
    std::int64_t four;
    std::memcpy(&four, activations, sizeof(four));
    return _mm512_set1_epi64(four);
  }
  /// Byte shuffle for each column: bytes 2 i0, 2 i0 + 1, 2 i1, 2 i1 + 1. The permutation looks at
  /// the low four bits of each index word alone, so the word need not be masked.
  static Control control(Indices indices) {
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
  static Indices next(Indices indices) { return _mm512_srli_epi32(indices, 4); }
  static __m512i select(__m512i group, Control control) {
    return _mm512_shuffle_epi8(group, control);
  }
  static __m512 multiply_add(__m512 sum, __m512i activations, Word word) {
    return _mm512_dpbf16_ps(sum, reinterpret_cast<__m512bh>(activations),
                            reinterpret_cast<__m512bh>(word));
  }
};

template <Sparsity kKind>
struct Floats : Lanes<kKind> {
  static constexpr int kDepth = 1;
  static constexpr int kMaxRows = kKind == Sparsity::kDense ? 12 : 10;
  using Word = __m512;
  using Control = __m512i;
  using Indices = __m512i;
  static Word load_word(const std::byte* values) { return _mm512_loadu_ps(values); }
  static __m512 broadcast(const std::byte* activations) {
    return _mm512_castsi512_ps(_mm512_set1_epi32(Lanes<kKind>::word_at(activations)));
  }
  static __m512 group(const std::byte* activations) {
    return _mm512_broadcast_f32x4(_mm_loadu_ps(reinterpret_cast<const float*>(activations)));
  }
  /// VPERMILPS looks at the low two bits of each index word alone.
  static Control control(Indices indices) { return indices; }
  static Indices next(Indices indices) { return _mm512_srli_epi32(indices, 2); }
  static __m512 select(__m512 group, Control control) {
    return _mm512_permutevar_ps(group, control);
  }
  static __m512 multiply_add(__m512 sum, __m512 activations, Word word) {
    return _mm512_fmadd_ps(activations, word, sum);
  }
};

constexpr std::string_view kPairs = "column lanes, vdpbf16ps";
constexpr std::string_view kSingles = "column lanes, vfmaddps";

}  // namespace

constexpr auto kDense = Sparsity::kDense;
constexpr auto kTwoFour = Sparsity::kTwoFour;
constinit const Kernel bf16_dense =
    column_lanes_kernel<Bf16Pairs<kDense>, Bf16Code>(kPairs, Isa::kAvx512, DataType::kBf16);
constinit const Kernel bf16_two_four =
    column_lanes_kernel<Bf16Pairs<kTwoFour>, Bf16Code>(kPairs, Isa::kAvx512, DataType::kBf16);
constinit const Kernel fp8_dense =
    column_lanes_kernel<Bf16Pairs<kDense>, Fp8AsBf16>(kPairs, Isa::kAvx512, DataType::kFp8E4m3);
constinit const Kernel fp8_two_four =
    column_lanes_kernel<Bf16Pairs<kTwoFour>, Fp8AsBf16>(kPairs, Isa::kAvx512, DataType::kFp8E4m3);
constinit const Kernel fp16_dense =
    column_lanes_kernel<Floats<kDense>, Fp16AsFloat>(kSingles, Isa::kAvx512, DataType::kFp16);
constinit const Kernel fp16_two_four =
    column_lanes_kernel<Floats<kTwoFour>, Fp16AsFloat>(kSingles, Isa::kAvx512, DataType::kFp16);

}  // namespace twofour::providers::cpu::avx512
