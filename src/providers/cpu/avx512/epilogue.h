// The epilogue, sixteen columns at a time: D = scale_a * scale_b * accumulator + bias, rounded to
// the output type. For files compiled with AVX-512 only.
#pragma once

#include <immintrin.h>

#include <cstdint>

#include "providers/cpu/kernel.h"

namespace twofour::providers::cpu::avx512 {

/// Rounds sixteen float32 to bfloat16, to nearest even; NaN stays NaN. Done with integer
/// operations, because VCVTNEPS2BF16 flushes subnormals to zero.
[[gnu::always_inline]] inline __m256i round_to_bf16(__m512 value) {
  const __m512i bits = _mm512_castps_si512(value);
  const __m512i odd = _mm512_and_si512(_mm512_srli_epi32(bits, 16), _mm512_set1_epi32(1));
  const __m512i rounded = _mm512_add_epi32(bits, _mm512_add_epi32(odd, _mm512_set1_epi32(0x7FFF)));
  const __mmask16 nan = _mm512_cmp_ps_mask(value, value, _CMP_UNORD_Q);
  const __m512i result = _mm512_mask_or_epi32(rounded, nan, bits, _mm512_set1_epi32(0x400000));
  return _mm512_cvtepi32_epi16(_mm512_srli_epi32(result, 16));
}

/// Per-channel scales and bias of sixteen columns, loaded once for all rows of a micro-kernel.
class ColumnEpilogue {
 public:
  /// Columns [column, column + 16), of which those from n on do not exist.
  [[gnu::always_inline]] ColumnEpilogue(const Output& output, std::int64_t n, std::int64_t column)
      : output_(output), n_(n), column_(column) {
    const std::int64_t left = n - column;
    mask_ = left >= 16 ? __mmask16{0xFFFF} : static_cast<__mmask16>((1u << left) - 1u);
    scale_b_ = output.scale_b_per_column ? _mm512_maskz_loadu_ps(mask_, output.scale_b + column)
                                         : _mm512_set1_ps(*output.scale_b);
    if (output.bias != nullptr) {
      const __m256i codes =
          _mm256_maskz_loadu_epi16(mask_, static_cast<const std::uint16_t*>(output.bias) + column);
      bias_ = output.d_type == DataType::kFp16
                  ? _mm512_cvtph_ps(codes)
                  : _mm512_castsi512_ps(_mm512_slli_epi32(_mm512_cvtepu16_epi32(codes), 16));
    }
  }

  /// Writes D[row] from the accumulators of its sixteen columns.
  [[gnu::always_inline]] void store(std::int64_t row, __m512 accumulators) const {
    const __m512 scale_a = _mm512_set1_ps(output_.scale_a[output_.scale_a_per_row ? row : 0]);
    __m512 value = _mm512_mul_ps(accumulators, _mm512_mul_ps(scale_a, scale_b_));
    if (output_.bias != nullptr) value = _mm512_add_ps(value, bias_);
    const __m256i codes = output_.d_type == DataType::kFp16
                              ? _mm512_cvtps_ph(value, _MM_FROUND_TO_NEAREST_INT)
                              : round_to_bf16(value);
    auto* d = static_cast<std::uint16_t*>(output_.d) + row * n_ + column_;
    _mm256_mask_storeu_epi16(d, mask_, codes);
  }

  /// The same, for code shared with AVX2, where sixteen columns take two vectors.
  [[gnu::always_inline]] void store(std::int64_t row, const __m512* accumulators) const {
    store(row, *accumulators);
  }

 private:
  const Output& output_;
  std::int64_t n_;
  std::int64_t column_;
  __mmask16 mask_ = 0;
  __m512 scale_b_;
  __m512 bias_ = _mm512_setzero_ps();
};

}  // namespace twofour::providers::cpu::avx512
