// Row-lanes 2:4 kernels for AVX-512: fp16 as float32.
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
#include "providers/cpu/avx512/loaded_words.h"
#include "providers/cpu/avx512/vectors.h"
#include "providers/cpu/kernel_list.h"
#include "providers/cpu/tile_loop.h"
#include "providers/cpu/two_four.h"

namespace twofour::providers::cpu::avx512 {
namespace {

#include "providers/cpu/row_lanes/all.inl"

struct Fp16Unit : LoadedWords<RowSingles<Vectors>>, Blocking {
  [[gnu::always_inline]] static const std::byte* words(const std::byte* values,
                                                       std::byte* scratch) {
    const auto* halves = reinterpret_cast<const __m256i*>(values);
    _mm512_store_ps(scratch, _mm512_cvtph_ps(_mm256_loadu_si256(halves)));
    _mm512_store_ps(scratch + 64, _mm512_cvtph_ps(_mm256_loadu_si256(halves + 1)));
    return scratch;
  }

  static constexpr std::int64_t kOddBytes = kBlockDepth * 4;
  static void odd_activations(const std::byte* elements, std::byte* to) {
    std::memcpy(to, elements, kOddBytes);
  }
  /// A permutation picks the words of eight groups.
  [[gnu::always_inline]] static void add_odd(Sum& sum, const std::byte* activations,
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
      sum = _mm512_fmadd_ps(chosen, _mm512_loadu_ps(words + 64 * i), sum);
    }
  }
};

// With fewer rows a second vector of them is not filled well enough, and column lanes are faster.
constexpr int kMinRows = 25;

}  // namespace

constinit const Kernel fp16_two_four_rows = RowLanes<Fp16Unit, Fp16Singles>::kernel(
    "activations chosen by address, vfmaddps, tiles of 64 rows", Isa::kAvx512, DataType::kFp16,
    kMinRows);

}  // namespace twofour::providers::cpu::avx512
