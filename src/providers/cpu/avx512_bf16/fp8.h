// e4m3 to bfloat16, in registers. For files compiled with AVX-512 only.
#pragma once

#include <immintrin.h>

#include <array>
#include <cstdint>

#include "operands/number_formats.h"

namespace twofour::providers::cpu::avx512_bf16 {

/// e4m3 codes as bfloat16, times 2^-8; not for NaN. One code in each 16-bit field: `high` has it in
/// the high byte; `tested & exponent` are its exponent bits; the low bits of `mantissa` are its
/// mantissa.
///
/// The exponent and mantissa of e4m3 are shifted to the place of those of bfloat16, and 112 is
/// added to the exponent. For subnormals, which have no implicit one, the result is then off by a
/// number that depends only on the mantissa, and a table lookup corrects it.
[[gnu::always_inline]] inline __m512i fp8_to_bf16(__m512i high, __m512i tested, __m512i exponent,
                                                  __m512i mantissa) {
  alignas(64) static constexpr auto kCorrections = [] {
    std::array<std::uint16_t, 32> corrections{};
    for (unsigned bits = 0; bits < 8; ++bits) {
      const float value = static_cast<float>(bits) * 0x1p-17F;
      corrections[bits] = static_cast<std::uint16_t>((operands::float_bits(value) >> 16U) -
                                                     (0x3800U + (bits << 4U)));
    }
    return corrections;
  }();
  const __m512i wide = _mm512_ternarylogic_epi32(
      _mm512_srai_epi16(high, 4), _mm512_set1_epi16(static_cast<std::int16_t>(0x87F0)),
      _mm512_set1_epi16(0x3800), 0xEA);  // (a & b) | c
  const __mmask32 subnormal = _mm512_testn_epi16_mask(tested, exponent);
  const __m512i correction =
      _mm512_permutexvar_epi16(mantissa, _mm512_load_si512(kCorrections.data()));
  return _mm512_mask_add_epi16(wide, subnormal, wide, correction);
}

/// For codes in the low bytes of 16-bit fields.
[[gnu::always_inline]] inline __m512i low_fp8_to_bf16(__m512i codes) {
  return fp8_to_bf16(_mm512_slli_epi16(codes, 8), codes, _mm512_set1_epi16(0x78), codes);
}

/// For codes in the high bytes of 16-bit fields.
[[gnu::always_inline]] inline __m512i high_fp8_to_bf16(__m512i codes) {
  return fp8_to_bf16(codes, codes, _mm512_set1_epi16(0x7800), _mm512_srli_epi16(codes, 8));
}

}  // namespace twofour::providers::cpu::avx512_bf16
