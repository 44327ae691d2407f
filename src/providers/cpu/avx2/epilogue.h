// The epilogue, sixteen columns at a time: D = scale_a * scale_b * accumulator + bias, rounded to
// the output type. For files compiled with AVX2 and F16C only.
#pragma once

#include <immintrin.h>

#include <cstdint>
#include <cstring>

#include "providers/cpu/kernel.h"

namespace twofour::providers::cpu::avx2 {

/// Rounds eight float32 to nearest even; NaN stays NaN. The bfloat16 codes are in the low halves of
/// the 32-bit lanes.
[[gnu::always_inline]] inline __m256i round_to_bf16(__m256 value) {
  const __m256i bits = _mm256_castps_si256(value);
  const __m256i odd = _mm256_and_si256(_mm256_srli_epi32(bits, 16), _mm256_set1_epi32(1));
  const __m256i rounded = _mm256_add_epi32(bits, _mm256_add_epi32(odd, _mm256_set1_epi32(0x7FFF)));
  const __m256i quiet = _mm256_or_si256(bits, _mm256_set1_epi32(0x400000));
  const __m256i nan = _mm256_castps_si256(_mm256_cmp_ps(value, value, _CMP_UNORD_Q));
  return _mm256_srli_epi32(_mm256_blendv_epi8(rounded, quiet, nan), 16);
}

/// Per-channel scales and bias of sixteen columns, loaded once for all rows of a micro-kernel.
class ColumnEpilogue {
 public:
  /// Columns [column, column + 16), of which those from n on do not exist.
  [[gnu::always_inline]] ColumnEpilogue(const Output& output, std::int64_t n, std::int64_t column)
      : output_(output), n_(n), column_(column), count_(n - column < 16 ? n - column : 16) {
    for (int half = 0; half < 2; ++half) {
      alignas(32) float scales[8];
      alignas(16) std::uint16_t biases[8] = {};
      for (std::int64_t j = 0; j < 8; ++j) {
        const bool exists = 8 * half + j < count_;
        const std::int64_t index = exists ? column + 8 * half + j : 0;
        scales[j] = output.scale_b[output.scale_b_per_column ? index : 0];
        if (output.bias != nullptr) {
          biases[j] = static_cast<const std::uint16_t*>(output.bias)[index];
        }
      }
      const __m128i codes = _mm_load_si128(reinterpret_cast<const __m128i*>(biases));
      scale_b_[half] = _mm256_load_ps(scales);
      bias_[half] = output.d_type == DataType::kFp16
                        ? _mm256_cvtph_ps(codes)
                        : _mm256_castsi256_ps(_mm256_slli_epi32(_mm256_cvtepu16_epi32(codes), 16));
    }
  }

  /// Writes D[row] from the accumulators of its columns 0 .. 7 and 8 .. 15.
  [[gnu::always_inline]] void store(std::int64_t row, const __m256* accumulators) const {
    const __m256 scale_a = _mm256_set1_ps(output_.scale_a[output_.scale_a_per_row ? row : 0]);
    const __m256 low = scale_and_bias(accumulators[0], scale_a, 0);
    const __m256 high = scale_and_bias(accumulators[1], scale_a, 1);
    __m256i codes;
    if (output_.d_type == DataType::kFp16) {
      codes = _mm256_set_m128i(_mm256_cvtps_ph(high, _MM_FROUND_TO_NEAREST_INT),
                               _mm256_cvtps_ph(low, _MM_FROUND_TO_NEAREST_INT));
    } else {
      // packus works within 128-bit halves; the permutation puts its quarters in order.
      codes = _mm256_permute4x64_epi64(_mm256_packus_epi32(round_to_bf16(low), round_to_bf16(high)),
                                       0xD8);
    }
    auto* d = static_cast<std::uint16_t*>(output_.d) + row * n_ + column_;
    if (count_ == 16) {
      _mm256_storeu_si256(reinterpret_cast<__m256i*>(d), codes);
    } else {
      alignas(32) std::uint16_t all[16];
      _mm256_store_si256(reinterpret_cast<__m256i*>(all), codes);
      std::memcpy(d, all, static_cast<std::size_t>(count_) * sizeof(*d));
    }
  }

 private:
  [[gnu::always_inline]] __m256 scale_and_bias(__m256 accumulators, __m256 scale_a,
                                               int half) const {
    const __m256 value = _mm256_mul_ps(accumulators, _mm256_mul_ps(scale_a, scale_b_[half]));
    return output_.bias != nullptr ? _mm256_add_ps(value, bias_[half]) : value;
  }

  const Output& output_;
  std::int64_t n_;
  std::int64_t column_;
  std::int64_t count_;
  __m256 scale_b_[2];
  __m256 bias_[2];
};

}  // namespace twofour::providers::cpu::avx2
