// Row-lanes 2:4 kernels for AVX-512: bfloat16, fp8 and fp16 as float32.
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
#include "providers/cpu/avx2/lanes.h"
#include "providers/cpu/avx512/epilogue.h"
#include "providers/cpu/avx512/loaded_words.h"
#include "providers/cpu/avx512/vectors.h"
#include "providers/cpu/kernel_list.h"
#include "providers/cpu/tile_loop.h"
#include "providers/cpu/two_four.h"

namespace twofour::providers::cpu::avx512 {
namespace {

#include "providers/cpu/row_lanes/all.inl"

struct Singles : LoadedWords<RowSingles<Vectors>>, Blocking {
  /// Computes the address into one register. Cascade Lake splits a product whose memory operand is
  /// addressed by the sum of two registers into two instructions, and the kernel ran 0.85 to 0.93
  /// times as fast.
  [[gnu::always_inline]] static const std::byte* address(const std::byte* choice) {
    asm("" : "+r"(choice));
    return choice;
  }

  static constexpr std::int64_t kOddBytes = kBlockDepth * 4;
  static void odd_activations(const std::byte* elements, std::byte* to) {
    std::memcpy(to, elements, kOddBytes);
  }
  /// VPERMT2PS gathers the words of eight groups.
  [[gnu::always_inline]] static void add_odd(Accumulator& accumulator, const std::byte* activations,
                                             const std::byte* codes, const std::byte* words) {
    const __m512i shifts =
        _mm512_setr_epi32(0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30);
    const __m512i groups =
        _mm512_setr_epi32(0, 0, 4, 4, 8, 8, 12, 12, 16, 16, 20, 20, 24, 24, 28, 28);
    TWOFOUR_UNROLL for (int i = 0; i < 2; ++i) {
      std::int32_t positions;
      std::memcpy(&positions, codes + 4 * i, sizeof(positions));
      const __m512i shifted = _mm512_srlv_epi32(_mm512_set1_epi32(positions), shifts);
      const __m512i order =
          _mm512_ternarylogic_epi32(shifted, _mm512_set1_epi32(3), groups, 0xEA);  // (a & b) | c
      const std::byte* eight = activations + 128 * i;
      const __m512 chosen =
          _mm512_permutex2var_ps(_mm512_loadu_ps(eight), order, _mm512_loadu_ps(eight + 64));
      accumulator = _mm512_fmadd_ps(chosen, _mm512_loadu_ps(words + 64 * i), accumulator);
    }
  }
};

struct Bf16Ops : Singles {
  [[gnu::always_inline]] static const std::byte* words(const std::byte* values,
                                                       std::byte* scratch) {
    TWOFOUR_UNROLL for (int i = 0; i < 2; ++i) {
      const __m512i wide = _mm512_cvtepu16_epi32(avx2::load(values + 32 * i));
      _mm512_store_si512(scratch + 64 * i, _mm512_slli_epi32(wide, 16));
    }
    return scratch;
  }
};

struct Fp8Ops : Singles {
  [[gnu::always_inline]] static const std::byte* words(const std::byte* values,
                                                       std::byte* scratch) {
    TWOFOUR_UNROLL for (int i = 0; i < 2; ++i) {
      const __m256i codes =
          _mm256_cvtepu8_epi16(_mm_loadu_si128(reinterpret_cast<const __m128i*>(values + 16 * i)));
      _mm512_store_ps(scratch + 64 * i, _mm512_cvtph_ps(avx2::low_fp8_to_fp16(codes)));
    }
    return scratch;
  }
};

struct Fp16Ops : Singles {
  [[gnu::always_inline]] static const std::byte* words(const std::byte* values,
                                                       std::byte* scratch) {
    TWOFOUR_UNROLL for (int i = 0; i < 2; ++i) {
      _mm512_store_ps(scratch + 64 * i, _mm512_cvtph_ps(avx2::load(values + 32 * i)));
    }
    return scratch;
  }
};

// Fewest rows. With fewer, the second vector of rows is too empty, and column lanes are faster.
constexpr int kFp8MinRows = 26;
constexpr int kMinRows = 29;

}  // namespace

constinit const Kernel bf16_two_four_rows = RowLanes<Bf16Ops, Bf16Singles>::kernel(
    "activations chosen by address, vfmaddps, tiles of 64 rows", Isa::kAvx512, DataType::kBf16,
    kMinRows);
constinit const Kernel fp8_two_four_rows = RowLanes<Fp8Ops, Fp8Singles>::kernel(
    "fp8 to fp16 to float32, activations chosen by address, vfmaddps, tiles of 64 rows",
    Isa::kAvx512, DataType::kFp8E4m3, kFp8MinRows);
constinit const Kernel fp16_two_four_rows = RowLanes<Fp16Ops, Fp16Singles>::kernel(
    "activations chosen by address, vfmaddps, tiles of 64 rows", Isa::kAvx512, DataType::kFp16,
    kMinRows);

}  // namespace twofour::providers::cpu::avx512
