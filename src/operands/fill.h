// Random operands, element by element: which number stands at (tensor, row, column) for a seed. A
// counter-based generator, so any thread of any device makes any element alone, and all make the
// same bits: integer arithmetic, one float multiplication and one float addition, never fused.
// docs/verification.md says what is drawn and why.
#pragma once

#include <array>
#include <bit>
#include <cstdint>
#include <cstring>

#include "core/data_type.h"
#include "operands/number_formats.h"

namespace twofour::operands {

/// What a random stream is for. The values are part of the definition of the data.
enum class Tensor : std::uint32_t { kA = 0, kB = 1, kScaleA = 2, kScaleB = 3, kBias = 4 };

/// Key of the stream of one row of one tensor.
struct StreamKey {
  std::uint32_t first = 0;
  std::uint32_t second = 0;
};

/// Finaliser of SplitMix64 (Steele, Lea, Flood, "Fast splittable pseudorandom number generators",
/// OOPSLA 2014): a bijection in which each input bit moves about half of the output bits.
TWOFOUR_HOST_DEVICE constexpr std::uint64_t mix_bits(std::uint64_t x) {
  x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9u;
  x = (x ^ (x >> 27)) * 0x94D049BB133111EBu;
  return x ^ (x >> 31);
}

TWOFOUR_HOST_DEVICE constexpr StreamKey stream_key(std::uint64_t seed, Tensor tensor,
                                                   std::uint64_t row) {
  const std::uint64_t tensor_number = static_cast<std::uint64_t>(tensor) + 1;
  const std::uint64_t stream = mix_bits(seed + 0x9E3779B97F4A7C15u * tensor_number);
  const std::uint64_t key = mix_bits(stream ^ mix_bits(row + 0x9E3779B97F4A7C15u));
  return {static_cast<std::uint32_t>(key), static_cast<std::uint32_t>(key >> 32)};
}

/// 32 uniform bits for one column: two rounds of multiply and xor-shift with the multipliers of C.
/// Wellons' "lowbias32" (github.com/skeeto/hash-prospector), keyed before each.
TWOFOUR_HOST_DEVICE constexpr std::uint32_t random_bits(StreamKey key, std::uint32_t column) {
  std::uint32_t x = column + key.first;
  x = (x ^ (x >> 16)) * 0x7FEB352Du;
  x = ((x ^ (x >> 15)) + key.second) * 0x846CA68Bu;
  return x ^ (x >> 16);
}

/// One piece of the piecewise linear inverse of the normal distribution function, times five:
/// value = offset + slope * u, where u = p * 2^32 and p is the probability of the tail.
struct QuantileSegment {
  float offset = 0;
  float slope = 0;
};

static_assert(sizeof(QuantileSegment) == 8 && std::endian::native == std::endian::little,
              "normal_times_five() reads a segment as one integer");

/// Each octave of u in [1, 2^31) is cut into 2^kQuantileSegmentBits equal segments, so that the
/// tail is as finely resolved as the middle; u = 2^31 (p = 1/2) has an entry of its own.
inline constexpr unsigned kQuantileSegmentBits = 4;
inline constexpr std::size_t kQuantileSegments = (31u << kQuantileSegmentBits) + 1;
using QuantileTable = std::array<QuantileSegment, kQuantileSegments>;

/// The same on every machine: computed by the compiler. Copy it to a device that needs it.
const QuantileTable& quantile_table();

/// normal(0, 1) x 5 for 32 uniform bits; `table` holds kQuantileSegments entries. Bit 31 is the
/// sign; the others are the probability of the tail, (2j + 1) / 2^32, so |value| is at most 31.2.
TWOFOUR_HOST_DEVICE inline float normal_times_five(const QuantileSegment* table,
                                                   std::uint32_t bits) {
  const float u = static_cast<float>(static_cast<std::int32_t>((bits & 0x7FFFFFFFu) | 1u));
  // The bits of a float are its octave followed by its place in the octave.
  const std::uint32_t segment = (float_bits(u) - float_bits(1.0f)) >> (23u - kQuantileSegmentBits);
#if defined(__CUDA_ARCH__)
  const float magnitude = __fadd_rn(table[segment].offset, __fmul_rn(table[segment].slope, u));
#else
  // Both in one load: looking up is what limits a processor.
  std::uint64_t both;
  std::memcpy(&both, table + segment, sizeof both);
  const float offset = float_from_bits(static_cast<std::uint32_t>(both));
  const float slope = float_from_bits(static_cast<std::uint32_t>(both >> 32));
  const float magnitude = offset + slope * u;  // compiled with -ffp-contract=off
#endif
  return float_from_bits(float_bits(magnitude) ^ (bits & 0x80000000u));
}

/// How a type stores a value: Code is the integer of its width. encode_drawn() is encode() for what
/// normal_times_five() returns.
template <DataType kType>
struct Format {
  using Codec =
      FloatFormat<info(kType).exponent_bits, info(kType).mantissa_bits, info(kType).infinities>;
  using Code = typename Codec::Code;
  TWOFOUR_HOST_DEVICE static constexpr Code encode(float value) { return Codec::encode(value); }
  TWOFOUR_HOST_DEVICE static constexpr Code encode_drawn(float value) {
    return Codec::encode_in_range(value);
  }
  TWOFOUR_HOST_DEVICE static constexpr float decode(Code code) { return Codec::decode(code); }
  /// Orders codes by |value|; 0 for zeros of both signs, NaN is larger than every number.
  TWOFOUR_HOST_DEVICE static constexpr std::uint32_t magnitude(std::uint32_t code) {
    return code & (Codec::kSign - 1u);
  }
};

template <>
struct Format<DataType::kInt8> {
  using Code = std::uint8_t;
  TWOFOUR_HOST_DEVICE static constexpr Code encode(float value) {
    return static_cast<Code>(float_to_int8(value));
  }
  TWOFOUR_HOST_DEVICE static constexpr Code encode_drawn(float value) {
    return static_cast<Code>(float_to_int8_in_range(value));
  }
  TWOFOUR_HOST_DEVICE static constexpr float decode(Code code) {
    return static_cast<float>(static_cast<std::int8_t>(code));
  }
  TWOFOUR_HOST_DEVICE static constexpr std::uint32_t magnitude(std::uint32_t code) {
    const std::int32_t value = static_cast<std::int8_t>(code);
    return static_cast<std::uint32_t>(value < 0 ? -value : value);
  }
};

/// Element (row, column) of A or, before pruning, of B.
template <DataType kType>
TWOFOUR_HOST_DEVICE inline typename Format<kType>::Code random_code(const QuantileSegment* table,
                                                                    StreamKey key,
                                                                    std::uint32_t column) {
  return Format<kType>::encode_drawn(normal_times_five(table, random_bits(key, column)));
}

/// A scale: 2^-5, 1.25, 1.5 or 1.75 times that. Three significant bits; a multiple of 2^-7.
TWOFOUR_HOST_DEVICE constexpr float scale_value(std::uint32_t bits) {
  return static_cast<float>(static_cast<std::int32_t>(4u + (bits >> 30))) * 0x1p-7f;
}

/// An element of the bias: a multiple of 1/4 in [-7.75, 7.75], exact in bf16 and in fp16.
TWOFOUR_HOST_DEVICE constexpr float bias_value(std::uint32_t bits) {
  const std::int32_t quarters = static_cast<std::int32_t>(bits >> 27);  // 0..31
  return static_cast<float>((bits >> 26) & 1u ? -quarters : quarters) * 0.25f;
}

}  // namespace twofour::operands
