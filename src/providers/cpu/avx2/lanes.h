// Widening of packed weights to float32, in registers. For files compiled with AVX2 and F16C only.
#pragma once

#include <immintrin.h>

#include <cstddef>

namespace twofour::providers::cpu::avx2 {

/// Words of eight columns from interleaved bfloat16 (see Format::kInterleaved): the first of each
/// pair, in the low halves, and the second, in the high halves.
[[gnu::always_inline]] inline __m256 first_bf16(__m256i pairs) {
  return _mm256_castsi256_ps(_mm256_slli_epi32(pairs, 16));
}
[[gnu::always_inline]] inline __m256 second_bf16(__m256i pairs) {
  return _mm256_castsi256_ps(
      _mm256_and_si256(pairs, _mm256_set1_epi32(static_cast<int>(0xFFFF0000U))));
}

/// e4m3 codes in the high bytes of 16-bit fields as fp16, times 2^-8; not for NaN. Shifted right by
/// one below the sign, the exponent and mantissa of e4m3 are in the place of those of fp16, whose
/// exponent bias is 8 higher. That holds for subnormals too.
[[gnu::always_inline]] inline __m256i high_fp8_to_fp16(__m256i codes) {
  return _mm256_and_si256(_mm256_srai_epi16(codes, 1), _mm256_set1_epi16(-0x4080));  // 0xBF80
}

/// The same for the codes in the low bytes.
[[gnu::always_inline]] inline __m256i low_fp8_to_fp16(__m256i codes) {
  return high_fp8_to_fp16(_mm256_slli_epi16(codes, 8));
}

/// Sixteen fp16 to two vectors of float32.
[[gnu::always_inline]] inline void widen_fp16(__m256i halves, __m256 (&wide)[2]) {
  wide[0] = _mm256_cvtph_ps(_mm256_castsi256_si128(halves));
  wide[1] = _mm256_cvtph_ps(_mm256_extracti128_si256(halves, 1));
}

[[gnu::always_inline]] inline __m256i load(const std::byte* data) {
  return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(data));
}

[[gnu::always_inline]] inline __m256 load_fp16(const std::byte* eight) {
  return _mm256_cvtph_ps(_mm_loadu_si128(reinterpret_cast<const __m128i*>(eight)));
}

}  // namespace twofour::providers::cpu::avx2
