// Column-lanes kernels for AVX-512: fp16 as float32.
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
#include "providers/cpu/kernel_list.h"
#include "providers/cpu/tile_loop.h"
#include "providers/cpu/two_four.h"

namespace twofour::providers::cpu::avx512 {
namespace {

#include "providers/cpu/column_lanes/all.inl"

struct Fp16Unit : ColumnSingles<Vectors, 1>, Panels {
  [[gnu::always_inline]] static void load(const std::byte* packed, Word (&words)[2][1]) {
    const auto* halves = reinterpret_cast<const __m256i*>(packed);
    words[0][0] = _mm512_cvtph_ps(_mm256_loadu_si256(halves));
    words[1][0] = _mm512_cvtph_ps(_mm256_loadu_si256(halves + 1));
  }
};

constexpr int kMaxRows = 24;  // sums in as many registers, the rest to work with
constexpr auto kDense = Sparsity::kDense;
constexpr auto kTwoFour = Sparsity::kTwoFour;

template <class Unit, class Format, Sparsity kSparsity>
constexpr Kernel make_kernel(std::string_view name, DataType type) {
  return ColumnLanes<Unit, Format, kSparsity, kMaxRows>::kernel(name, Isa::kAvx512, type);
}

}  // namespace

constinit const Kernel fp16_dense = make_kernel<Fp16Unit, Fp16Singles, kDense>(
    "vfmaddps, tiles of 24 rows x 16 columns", DataType::kFp16);
constinit const Kernel fp16_two_four = make_kernel<Fp16Unit, Fp16Singles, kTwoFour>(
    "vpermilps of activations, vfmaddps, tiles of 24 rows x 16 columns", DataType::kFp16);

}  // namespace twofour::providers::cpu::avx512
