// The number formats that operands and results are stored in, as their definitions have them:
// bfloat16 (the upper half of binary32), binary16 (IEEE 754-2019), e4m3fn (Micikevicius et al.,
// "FP8 Formats for Deep Learning", 2022, arXiv:2209.05433) and int8. Conversions round to nearest,
// ties to even. All of it is branchless integer arithmetic, so that loops over it vectorise, and
// the same code serves host and CUDA. Conversions `..._in_range` are for values that are known to
// be no NaN and not to overflow; they give the same bits for less work.
#pragma once

#include <cstdint>
#include <type_traits>

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

/// 2^exponent, a normal number.
TWOFOUR_HOST_DEVICE constexpr float power_of_two(int exponent) {
  return float_from_bits(static_cast<std::uint32_t>(127 + exponent) << 23);
}

/// A binary floating point format of a sign bit, kExponentBits and kMantissaBits, narrower than
/// binary32. With infinities it is as IEEE 754 has it: what exceeds the largest finite value by
/// half a unit becomes infinite. Without, as e4m3fn: the largest exponent holds numbers too, all
/// ones is NaN of either sign, and infinities and numbers that are too large become the largest
/// number. NaN stays NaN.
template <int kExponentBits, int kMantissaBits, bool kInfinities>
struct FloatFormat {
  static_assert(kExponentBits <= 8 && kMantissaBits < 23);
  static constexpr int kBits = 1 + kExponentBits + kMantissaBits;
  using Code = std::conditional_t<kBits <= 8, std::uint8_t, std::uint16_t>;
  static constexpr std::uint32_t kSign = 1u << (kBits - 1);
  /// Of the magnitude: the smallest normal number, and what is beyond the largest number.
  static constexpr std::uint32_t kSmallestNormal = 1u << kMantissaBits;
  static constexpr std::uint32_t kBeyond =
      kInfinities ? ((1u << kExponentBits) - 1u) << kMantissaBits : kSign - 1u;

  TWOFOUR_HOST_DEVICE static constexpr float decode(Code code) {
    if constexpr (kUpperBits) {
      return float_from_bits(static_cast<std::uint32_t>(code) << kShift);
    } else {
      const std::uint32_t sign = (code & kSign) << (32 - kBits);
      const std::uint32_t magnitude = code & (kSign - 1u);
      const std::uint32_t normal = (magnitude << kShift) + kBiasDifference;
      // Infinities and NaNs need the difference of the biases twice.
      const std::uint32_t special = kInfinities ? normal + kBiasDifference : 0x7FC00000u;
      const std::uint32_t subnormal =
          float_bits(static_cast<float>(static_cast<std::int32_t>(magnitude)) * kSubnormalUnit);
      const std::uint32_t finite = select(magnitude < kSmallestNormal, subnormal, normal);
      const bool is_special = kInfinities ? magnitude >= kBeyond : magnitude == kBeyond;
      return float_from_bits(sign | select(is_special, special, finite));
    }
  }

  TWOFOUR_HOST_DEVICE static constexpr Code encode_in_range(float value) {
    const std::uint32_t bits = float_bits(value);
    if constexpr (kUpperBits) {
      return static_cast<Code>((bits + kBelowHalf + ((bits >> kShift) & 1u)) >> kShift);
    } else {
      const std::uint32_t magnitude = bits & 0x7FFFFFFFu;
      const std::uint32_t normal =
          (magnitude - kBiasDifference + kBelowHalf + ((magnitude >> kShift) & 1u)) >> kShift;
      // The unit in the last place of kRounder is that of a subnormal number: the addition rounds.
      const std::uint32_t subnormal =
          float_bits(float_from_bits(magnitude) + kRounder) - float_bits(kRounder);
      const std::uint32_t code = select(magnitude < kSmallestNormalBits, subnormal, normal);
      return static_cast<Code>(code | ((bits >> (32 - kBits)) & kSign));
    }
  }

  TWOFOUR_HOST_DEVICE static constexpr Code encode(float value) {
    const std::uint32_t bits = float_bits(value);
    const std::uint32_t magnitude = bits & 0x7FFFFFFFu;
    std::uint32_t code = encode_in_range(float_from_bits(magnitude));
    if constexpr (!kInfinities) {
      code = select(magnitude >= float_bits(decode(kBeyond - 1u)), kBeyond - 1u, code);
    } else if constexpr (!kUpperBits) {
      code = select(magnitude >= kOverflowBits, kBeyond, code);
    }
    // A NaN is made quiet and keeps what fits of its payload.
    const std::uint32_t quiet =
        kInfinities ? kBeyond | kQuiet | ((magnitude >> kShift) & kPayload) : kBeyond;
    code = select(magnitude > 0x7F800000u, quiet, code);
    return static_cast<Code>(code | ((bits >> (32 - kBits)) & kSign));
  }

 private:
  /// Its codes are the upper bits of a binary32.
  static constexpr bool kUpperBits = kExponentBits == 8;
  static constexpr int kBias = (1 << (kExponentBits - 1)) - 1;
  static constexpr int kShift = 23 - kMantissaBits;
  static constexpr std::uint32_t kBiasDifference = static_cast<std::uint32_t>(127 - kBias) << 23;
  static constexpr std::uint32_t kBelowHalf = (1u << (kShift - 1)) - 1u;
  static constexpr std::uint32_t kQuiet = 1u << (kMantissaBits - 1);
  static constexpr std::uint32_t kPayload = (1u << kMantissaBits) - 1u;
  static constexpr std::uint32_t kSmallestNormalBits = float_bits(power_of_two(1 - kBias));
  static constexpr float kSubnormalUnit = power_of_two(1 - kBias - kMantissaBits);
  static constexpr float kRounder = power_of_two(24 - kBias - kMantissaBits);
  /// The largest number and half a unit.
  static constexpr std::uint32_t kOverflowBits =
      (kBeyond << kShift) + kBiasDifference - (1u << (kShift - 1));
};

using Bf16 = FloatFormat<8, 7, true>;
using Fp16 = FloatFormat<5, 10, true>;
using Fp8E4m3 = FloatFormat<4, 3, false>;

TWOFOUR_HOST_DEVICE constexpr float bf16_to_float(std::uint16_t code) { return Bf16::decode(code); }
TWOFOUR_HOST_DEVICE constexpr std::uint16_t float_to_bf16(float value) {
  return Bf16::encode(value);
}
TWOFOUR_HOST_DEVICE constexpr float fp16_to_float(std::uint16_t code) { return Fp16::decode(code); }
TWOFOUR_HOST_DEVICE constexpr std::uint16_t float_to_fp16(float value) {
  return Fp16::encode(value);
}
TWOFOUR_HOST_DEVICE constexpr float fp8_to_float(std::uint8_t code) {
  return Fp8E4m3::decode(code);
}
TWOFOUR_HOST_DEVICE constexpr std::uint8_t float_to_fp8(float value) {
  return Fp8E4m3::encode(value);
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
