// Row-lanes 2:4 kernels for AVX-512 with BF16: bfloat16 and fp8 in pairs (VDPBF16PS).
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
#include "providers/cpu/avx512_bf16/fp8.h"
#include "providers/cpu/kernel_list.h"
#include "providers/cpu/tile_loop.h"
#include "providers/cpu/two_four.h"

namespace twofour::providers::cpu::avx512_bf16 {
namespace {

using avx512::Blocking;
using avx512::ColumnEpilogue;
using avx512::LoadedWords;
using avx512::Vectors;

#include "providers/cpu/row_lanes/all.inl"

struct Pairs : LoadedWords<RowFloats<Vectors>>, Blocking {
  [[gnu::always_inline]] static void choices(const std::byte* activations, std::int64_t stride,
                                             std::byte* to, std::int64_t choice_stride) {
    pair_choices<Vectors>(activations, stride, to, choice_stride);
  }
  [[gnu::always_inline]] static void add(Accumulator& accumulator, const std::byte* choice,
                                         __m512i word) {
    accumulator = _mm512_dpbf16_ps(accumulator, reinterpret_cast<__m512bh>(word),
                                   reinterpret_cast<__m512bh>(_mm512_load_si512(choice)));
    Vectors::keep(accumulator);
  }

  static constexpr std::int64_t kOddBytes = kBlockDepth * 2;
  static void odd_activations(const std::byte* elements, std::byte* to) {
    std::memcpy(to, elements, kOddBytes);
  }
  /// VPERMT2W gathers the pairs of all sixteen groups.
  [[gnu::always_inline]] static void add_odd(Accumulator& accumulator, const std::byte* activations,
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
    accumulator =
        _mm512_dpbf16_ps(accumulator, reinterpret_cast<__m512bh>(_mm512_loadu_si512(words)),
                         reinterpret_cast<__m512bh>(chosen));
  }
};

struct Bf16Ops : Pairs {
  [[gnu::always_inline]] static const std::byte* words(const std::byte* values,
                                                       std::byte* /*scratch*/) {
    return values;
  }
};

struct Fp8Ops : Pairs {
  [[gnu::always_inline]] static const std::byte* words(const std::byte* values,
                                                       std::byte* scratch) {
    const __m512i codes =
        _mm512_cvtepu8_epi16(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(values)));
    _mm512_store_si512(scratch, low_fp8_to_bf16(codes));
    return scratch;
  }
};

// Fewest rows. With fewer, the second vector of rows is too empty, and column lanes are faster.
constexpr int kMinRows = 25;

}  // namespace

constinit const Kernel bf16_two_four_rows = RowLanes<Bf16Ops, Bf16Pairs>::kernel(
    "activations chosen by address, vdpbf16ps, tiles of 64 rows", Isa::kAvx512Bf16, DataType::kBf16,
    kMinRows);
constinit const Kernel fp8_two_four_rows = RowLanes<Fp8Ops, Fp8Pairs>::kernel(
    "fp8 to bf16, activations chosen by address, vdpbf16ps, tiles of 64 rows", Isa::kAvx512Bf16,
    DataType::kFp8E4m3, kMinRows);
}  // namespace twofour::providers::cpu::avx512_bf16
