// Row-lanes 2:4 kernels for AVX-512: bfloat16 and fp8 in pairs (VDPBF16PS), fp16 as float32.
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
#include "providers/cpu/avx512/fp8.h"
#include "providers/cpu/avx512/vectors.h"
#include "providers/cpu/kernel_list.h"
#include "providers/cpu/tile_loop.h"
#include "providers/cpu/two_four.h"

namespace twofour::providers::cpu::avx512 {
namespace {

#include "providers/cpu/row_lanes/all.inl"

struct Blocking {
  static constexpr int kBlockRows = 64;
  static constexpr int kSpareRows = 0;
  static constexpr std::int64_t kTableBytes = 25 * 1024;
  static constexpr std::int64_t kSumBytes = 512 * 1024;
  static constexpr std::int64_t kBlocksTogether = 8;
  /// A product takes six cycles to be there for the next.
  static constexpr int batch(int vectors) { return vectors == 1 ? 8 : 4; }
};

/// Each word is broadcast by a load of its own: 1.1 to 1.2 times as fast on Intel, with bf16 and
/// fp8, as one load of four words and shuffles.
template <class Base>
struct LoadedWords : Base {
  using Four = const std::byte*;
  [[gnu::always_inline]] static Four four(const std::byte* words) { return words; }
  template <int i>
  [[gnu::always_inline]] static __m512i word(Four four) {
    std::int32_t one;
    std::memcpy(&one, four + 4 * i, sizeof(one));
    return _mm512_set1_epi32(one);
  }
};

struct Pairs : LoadedWords<RowFloats<Vectors>>, Blocking {
  [[gnu::always_inline]] static void choices(const std::byte* activations, std::int64_t stride,
                                             std::byte* to, std::int64_t choice_stride) {
    pair_choices<Vectors>(activations, stride, to, choice_stride);
  }
  [[gnu::always_inline]] static void add(Sum& sum, const std::byte* choice, __m512i word) {
    sum = _mm512_dpbf16_ps(sum, reinterpret_cast<__m512bh>(word),
                           reinterpret_cast<__m512bh>(_mm512_load_si512(choice)));
    Vectors::keep(sum);
  }

  static constexpr std::int64_t kOddBytes = kBlockDepth * 2;
  static void odd_activations(const std::byte* elements, std::byte* to) {
    std::memcpy(to, elements, kOddBytes);
  }
  /// A permutation of shorts picks the pairs of all sixteen groups.
  [[gnu::always_inline]] static void add_odd(Sum& sum, const std::byte* activations,
                                             const std::byte* codes, const std::byte* words) {
    alignas(64) static constexpr auto kPositions = [] {
      std::array<std::uint32_t, 16> positions{};
      for (std::size_t i = 0; i < kPairOrder.size(); ++i) {
        const auto [first, second] = kPairOrder[i];
        positions[i] = std::uint32_t{first} | std::uint32_t{second} << 16U;
      }
      return positions;
    }();
    alignas(64) static constexpr auto kGroups = [] {
      std::array<std::uint32_t, 16> groups{};
      for (std::uint32_t g = 0; g < 16; ++g) groups[g] = 4 * g * 0x10001U;
      return groups;
    }();
    std::int32_t pairs[2];
    std::memcpy(pairs, codes, sizeof(pairs));
    const __m512i shifts =
        _mm512_setr_epi32(0, 4, 8, 12, 16, 20, 24, 28, 0, 4, 8, 12, 16, 20, 24, 28);
    const __m512i both =
        _mm512_mask_set1_epi32(_mm512_set1_epi32(pairs[0]), __mmask16{0xFF00}, pairs[1]);
    const __m512i positions = _mm512_permutexvar_epi32(_mm512_srlv_epi32(both, shifts),
                                                       _mm512_load_si512(kPositions.data()));
    const __m512i order = _mm512_or_si512(positions, _mm512_load_si512(kGroups.data()));
    const __m512i chosen = _mm512_permutex2var_epi16(
        _mm512_loadu_si512(activations), order, _mm512_loadu_si512(activations + kOddBytes / 2));
    sum = _mm512_dpbf16_ps(sum, reinterpret_cast<__m512bh>(_mm512_loadu_si512(words)),
                           reinterpret_cast<__m512bh>(chosen));
  }
};

struct Bf16Unit : Pairs {
  [[gnu::always_inline]] static const std::byte* words(const std::byte* values,
                                                       std::byte* /*scratch*/) {
    return values;
  }
};

struct Fp8Unit : Pairs {
  [[gnu::always_inline]] static const std::byte* words(const std::byte* values,
                                                       std::byte* scratch) {
    const __m512i codes =
        _mm512_cvtepu8_epi16(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(values)));
    _mm512_store_si512(scratch, low_fp8_to_bf16(codes));
    return scratch;
  }
};

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

constinit const Kernel bf16_two_four_rows = RowLanes<Bf16Unit, Bf16Pairs>::kernel(
    "activations chosen by address, vdpbf16ps, tiles of 64 rows", Isa::kAvx512, DataType::kBf16,
    kMinRows);
constinit const Kernel fp8_two_four_rows = RowLanes<Fp8Unit, Fp8Pairs>::kernel(
    "fp8 to bf16, activations chosen by address, vdpbf16ps, tiles of 64 rows", Isa::kAvx512,
    DataType::kFp8E4m3, kMinRows);
constinit const Kernel fp16_two_four_rows = RowLanes<Fp16Unit, Fp16Singles>::kernel(
    "activations chosen by address, vfmaddps, tiles of 64 rows", Isa::kAvx512, DataType::kFp16,
    kMinRows);

}  // namespace twofour::providers::cpu::avx512
