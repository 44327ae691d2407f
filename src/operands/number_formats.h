// The number formats that operands and results are stored in, as their definitions have them:
// bfloat16 (the upper half of binary32), binary16 (IEEE 754-2019), e4m3fn (Micikevicius et al.,
// "FP8 Formats for Deep Learning", 2022, arXiv:2209.05433) and int8. Conversions round to nearest,
// ties to even. All of it is branchless integer arithmetic, so that loops over it vectorise, and
// the same code serves host and CUDA. Conversions `..._in_range` are for values that are known to
// be no NaN and not to overflow; they give the same bits for less work.
#pragma once

#include <cstdint>

#if defined(__CUDACC__)
#define TWOFOUR_HOST_DEVICE __host__ __device__
#else
#define TWOFOUR_HOST_DEVICE
#endif

namespace twofour::operands {

TWOFOUR_HOST_DEVICE constexpr std::uint32_t float_bits(float value) {
  return __builtin_bit_cast(std::uint32_t, value);
}
TWOFOUR_HOST_DEVICE constexpr float float_from_bits(std::uint32_t bits) {
  return __builtin_bit_cast(float, bits);
}

/// `condition ? yes : no` as a mask: a conditional expression over float arithmetic becomes a
/// branch, and a loop with a branch is not vectorised.
TWOFOUR_HOST_DEVICE constexpr std::uint32_t select(bool condition, std::uint32_t yes,
                                                   std::uint32_t no) {
  return no ^ ((yes ^ no) & (0u - static_cast<std::uint32_t>(condition)));
}

TWOFOUR_HOST_DEVICE constexpr float bf16_to_float(std::uint16_t code) {
  return float_from_bits(static_cast<std::uint32_t>(code) << 16);
}

TWOFOUR_HOST_DEVICE constexpr std::uint16_t float_to_bf16_in_range(float value) {
  const std::uint32_t bits = float_bits(value);
  return static_cast<std::uint16_t>((bits + 0x7FFFu + ((bits >> 16) & 1u)) >> 16);
}

/// NaN stays NaN (made quiet); what exceeds the largest finite value by half a unit becomes
/// infinite.
TWOFOUR_HOST_DEVICE constexpr std::uint16_t float_to_bf16(float value) {
  const std::uint32_t bits = float_bits(value);
  const std::uint32_t rounded = float_to_bf16_in_range(value);
  const std::uint32_t quiet = (bits >> 16) | 0x40u;
  const bool nan = (bits & 0x7FFFFFFFu) > 0x7F800000u;
  return static_cast<std::uint16_t>(select(nan, quiet, rounded));
}

TWOFOUR_HOST_DEVICE constexpr float fp16_to_float(std::uint16_t code) {
  const std::uint32_t sign = (code & 0x8000u) << 16;
  const std::uint32_t magnitude = code & 0x7FFFu;
  // 112 is the difference of the exponent biases, 127 - 15; infinities and NaNs need it twice.
  const std::uint32_t normal = (magnitude << 13) + (112u << 23);
  const std::uint32_t special = normal + (112u << 23);
  const std::uint32_t subnormal =
      float_bits(static_cast<float>(static_cast<std::int32_t>(magnitude)) * 0x1p-24f);
  const std::uint32_t finite = select(magnitude < 0x400u, subnormal, normal);
  return float_from_bits(sign | select(magnitude >= 0x7C00u, special, finite));
}

TWOFOUR_HOST_DEVICE constexpr std::uint16_t float_to_fp16_in_range(float value) {
  const std::uint32_t bits = float_bits(value);
  const std::uint32_t magnitude = bits & 0x7FFFFFFFu;
  const std::uint32_t normal = (magnitude - (112u << 23) + 0xFFFu + ((magnitude >> 13) & 1u)) >> 13;
  // The unit in the last place of 0.5 is 2^-24, that of a subnormal binary16: the addition rounds.
  const std::uint32_t subnormal = float_bits(float_from_bits(magnitude) + 0.5f) - float_bits(0.5f);
  const std::uint32_t code = select(magnitude < float_bits(0x1p-14f), subnormal, normal);
  return static_cast<std::uint16_t>(code | ((bits >> 16) & 0x8000u));
}

/// Overflows to infinity from 65520 up, as IEEE 754 has it. NaN stays NaN (made quiet).
TWOFOUR_HOST_DEVICE constexpr std::uint16_t float_to_fp16(float value) {
  const std::uint32_t bits = float_bits(value);
  const std::uint32_t magnitude = bits & 0x7FFFFFFFu;
  const std::uint32_t nan = 0x7E00u | ((magnitude >> 13) & 0x3FFu);
  std::uint32_t code = float_to_fp16_in_range(float_from_bits(magnitude));
  code = select(magnitude >= float_bits(65520.0f), 0x7C00u, code);
  code = select(magnitude > 0x7F800000u, nan, code);
  return static_cast<std::uint16_t>(code | ((bits >> 16) & 0x8000u));
}

/// e4m3fn: no infinities, one NaN of either sign, largest finite value 448.
TWOFOUR_HOST_DEVICE constexpr float fp8_to_float(std::uint8_t code) {
  const std::uint32_t sign = (code & 0x80u) << 24;
  const std::uint32_t magnitude = code & 0x7Fu;
  const std::uint32_t normal = (magnitude << 20) + (120u << 23);
  const std::uint32_t subnormal =
      float_bits(static_cast<float>(static_cast<std::int32_t>(magnitude)) * 0x1p-9f);
  const std::uint32_t finite = select(magnitude < 8u, subnormal, normal);
  return float_from_bits(sign | select(magnitude == 0x7Fu, 0x7FC00000u, finite));
}

TWOFOUR_HOST_DEVICE constexpr std::uint8_t float_to_fp8_in_range(float value) {
  const std::uint32_t bits = float_bits(value);
  const std::uint32_t magnitude = bits & 0x7FFFFFFFu;
  const std::uint32_t normal =
      (magnitude - (120u << 23) + 0x7FFFFu + ((magnitude >> 20) & 1u)) >> 20;
  // The unit in the last place of 2^14 is 2^-9, that of a subnormal e4m3: the addition rounds.
  const std::uint32_t subnormal =
      float_bits(float_from_bits(magnitude) + 0x1p14f) - float_bits(0x1p14f);
  const std::uint32_t code = select(magnitude < float_bits(0x1p-6f), subnormal, normal);
  return static_cast<std::uint8_t>(code | ((bits >> 24) & 0x80u));
}

/// Saturates at 448, infinities too. NaN stays NaN.
TWOFOUR_HOST_DEVICE constexpr std::uint8_t float_to_fp8(float value) {
  const std::uint32_t bits = float_bits(value);
  const std::uint32_t magnitude = bits & 0x7FFFFFFFu;
  std::uint32_t code = float_to_fp8_in_range(float_from_bits(magnitude));
  code = select(magnitude >= float_bits(448.0f), 0x7Eu, code);
  code = select(magnitude > 0x7F800000u, 0x7Fu, code);
  return static_cast<std::uint8_t>(code | ((bits >> 24) & 0x80u));
}

TWOFOUR_HOST_DEVICE constexpr std::int8_t float_to_int8_in_range(float value) {
  // The unit in the last place of 1.5 * 2^23 is 1: the addition rounds.
  return static_cast<std::int8_t>(float_bits(value + 0x1.8p23f) - float_bits(0x1.8p23f));
}

/// Rounds half to even and clamps to [-128, 127]. NaN becomes 0.
TWOFOUR_HOST_DEVICE constexpr std::int8_t float_to_int8(float value) {
  const std::uint32_t bits = float_bits(value);
  std::uint32_t magnitude = bits & 0x7FFFFFFFu;
  magnitude = select(magnitude > 0x7F800000u, 0u, magnitude);
  magnitude = magnitude < float_bits(128.0f) ? magnitude : float_bits(128.0f);
  const float clamped = float_from_bits(magnitude | (bits & 0x80000000u));
  const std::uint32_t shifted = float_bits(clamped + 0x1.8p23f) - float_bits(0x1.8p23f);
  const std::int32_t rounded = static_cast<std::int32_t>(shifted);
  return static_cast<std::int8_t>(rounded < 127 ? rounded : 127);
}

}  // namespace twofour::operands
