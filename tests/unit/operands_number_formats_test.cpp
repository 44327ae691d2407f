// Conversions against the definitions of the formats, written out slowly: a code's value from its
// fields, and the nearest code by search.
#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <limits>
#include <random>
#include <string>
#include <vector>

#include "operands/fill.h"

namespace twofour::operands {
namespace {

struct FormatDefinition {
  int exponent_bits;
  int mantissa_bits;
  bool has_infinity;    // else the top exponent holds numbers too and all ones is NaN
  bool saturates;       // else it overflows to infinity
  int codes_of_a_sign;  // 2^(bits - 1)
};

constexpr FormatDefinition definition(DataType type) {
  const DataTypeInfo& row = info(type);
  return {row.exponent_bits, row.mantissa_bits, row.infinities, !row.infinities,
          1 << (row.bits - 1)};
}

double value_of_magnitude(const FormatDefinition& f, int code) {
  const int exponent = code >> f.mantissa_bits;
  const int mantissa = code & ((1 << f.mantissa_bits) - 1);
  const int top = (1 << f.exponent_bits) - 1;
  const int bias = (1 << (f.exponent_bits - 1)) - 1;
  if (exponent == top && f.has_infinity) {
    return mantissa == 0 ? std::numeric_limits<double>::infinity() : std::nan("");
  }
  if (!f.has_infinity && code == f.codes_of_a_sign - 1) return std::nan("");
  if (exponent == 0) return std::ldexp(mantissa, 1 - bias - f.mantissa_bits);
  return std::ldexp((1 << f.mantissa_bits) + mantissa, exponent - bias - f.mantissa_bits);
}

/// Round to nearest, ties to the even code, by bisection over the finite values. The value that
/// would follow the largest finite one decides about overflow.
class SlowEncoder {
 public:
  explicit SlowEncoder(const FormatDefinition& f) : f_(f) {
    for (int code = 0; code < f.codes_of_a_sign; ++code) {
      const double value = value_of_magnitude(f, code);
      if (!std::isfinite(value)) break;
      values_.push_back(value);
    }
    const std::size_t n = values_.size();
    beyond_ = values_[n - 1] + (values_[n - 1] - values_[n - 2]);
  }
  [[nodiscard]] int encode(float value) const {
    const int sign = std::signbit(value) ? f_.codes_of_a_sign : 0;
    const double magnitude = std::fabs(static_cast<double>(value));
    const int last = static_cast<int>(values_.size()) - 1;
    if (f_.saturates && magnitude >= values_.back()) return sign + last;
    if (magnitude >= beyond_) return sign + last + 1;
    int low = 0;
    int high = last + 1;  // values_[low] <= magnitude < value of high
    while (high - low > 1) {
      const int middle = (low + high) / 2;
      (at(middle) <= magnitude ? low : high) = middle;
    }
    const double below = magnitude - at(low);
    const double above = at(high) - magnitude;
    if (below != above) return sign + (below < above ? low : high);
    return sign + (low % 2 == 0 ? low : high);
  }

 private:
  [[nodiscard]] double at(int code) const {
    return code < static_cast<int>(values_.size()) ? values_[static_cast<std::size_t>(code)]
                                                   : beyond_;
  }
  FormatDefinition f_;
  std::vector<double> values_;
  double beyond_ = 0;
};

/// Floats of all magnitudes, and for each value of the format the value, the halfway point to the
/// next one and the neighbours of both.
std::vector<float> hard_floats(const FormatDefinition& f) {
  std::vector<float> floats;
  const auto with_neighbours = [&](double value) {
    const auto centre = static_cast<float>(value);
    const float infinity = std::numeric_limits<float>::infinity();
    for (const float x : {centre, std::nextafter(centre, infinity), std::nextafter(centre, 0.0f)}) {
      floats.push_back(x);
      floats.push_back(-x);
    }
  };
  for (int code = 0; code + 1 < f.codes_of_a_sign; ++code) {
    const double value = value_of_magnitude(f, code);
    const double next = value_of_magnitude(f, code + 1);
    if (!std::isfinite(value)) break;
    with_neighbours(value);
    with_neighbours(std::isfinite(next) ? value + (next - value) / 2 : value * 1.01);
  }
  std::mt19937 random(7);
  for (int i = 0; i < 300000; ++i) {
    const float x = float_from_bits(static_cast<std::uint32_t>(random()));
    if (!std::isnan(x)) floats.push_back(x);
  }
  floats.push_back(std::numeric_limits<float>::infinity());
  floats.push_back(-std::numeric_limits<float>::infinity());
  return floats;
}

template <class Code>
void check_format(const FormatDefinition& f, float (*decode)(Code), Code (*encode)(float)) {
  for (int code = 0; code < 2 * f.codes_of_a_sign; ++code) {
    const double magnitude = value_of_magnitude(f, code & (f.codes_of_a_sign - 1));
    const float value = decode(static_cast<Code>(code));
    if (std::isnan(magnitude)) {
      EXPECT_TRUE(std::isnan(value)) << code;
      EXPECT_TRUE(std::isnan(decode(encode(value)))) << code;
      continue;
    }
    ASSERT_EQ(std::fabs(static_cast<double>(value)), magnitude) << code;
    ASSERT_EQ(std::signbit(value), code >= f.codes_of_a_sign) << code;
    ASSERT_EQ(encode(value), code);
  }
  const SlowEncoder slow(f);
  for (const float x : hard_floats(f)) {
    ASSERT_EQ(static_cast<int>(encode(x)), slow.encode(x)) << std::hexfloat << x;
  }
  for (const std::uint32_t nan :
       {0x7F800001u, 0x7FC00000u, 0x7FFFFFFFu, 0xFF800001u, 0xFFFFFFFFu}) {
    EXPECT_TRUE(std::isnan(decode(encode(float_from_bits(nan))))) << std::hex << nan;
  }
}

TEST(NumberFormats, EveryFloatingPointOperandIsAsItsRowHasItRoundedToNearestEven) {
  for (const DataTypeInfo& row : kDataTypes) {
    if (!row.operand || is_integer(row.type)) continue;
    SCOPED_TRACE(std::string(row.cli_name));
    with_operand_type(row.type, []<DataType kType>() {
      using Code = typename Format<kType>::Code;
      check_format<Code>(definition(kType), Format<kType>::decode, Format<kType>::encode);
    });
  }
}

/// Those that publications give: the rows are right, too.
TEST(NumberFormats, HaveTheLargestNumbersOfTheirDefinitions) {
  const auto largest = [](DataType type) {
    const FormatDefinition f = definition(type);
    double value = 0;
    for (int code = 0; code < f.codes_of_a_sign; ++code) {
      const double next = value_of_magnitude(f, code);
      if (std::isfinite(next)) value = next;
    }
    return value;
  };
  EXPECT_EQ(largest(DataType::kFp8E4m3), 448);
  EXPECT_EQ(largest(DataType::kFp16), 65504);
  EXPECT_EQ(largest(DataType::kBf16), std::ldexp(255, 120));
}

TEST(NumberFormats, DrawnNumbersHaveTheSameBitsAsOthers) {
  for (const DataTypeInfo& row : kDataTypes) {
    if (!row.operand) continue;
    with_operand_type(row.type, []<DataType kType>() {
      for (float x = -32; x <= 32; x += 1.0f / 1024) {
        ASSERT_EQ(Format<kType>::encode_drawn(x), Format<kType>::encode(x)) << x;
      }
    });
  }
}

TEST(NumberFormats, Fp8Saturates) {
  EXPECT_EQ(fp8_to_float(float_to_fp8(1e9f)), 448.0f);
  EXPECT_EQ(fp8_to_float(float_to_fp8(-449.0f)), -448.0f);
}

TEST(NumberFormats, Fp16OverflowsFromHalfAUnitAboveItsLargestNumber) {
  EXPECT_EQ(float_to_fp16(65519.996f), 0x7BFF);
  EXPECT_EQ(float_to_fp16(65520.0f), 0x7C00);
}

TEST(NumberFormats, Bf16OverflowsToInfinity) { EXPECT_EQ(float_to_bf16(3.4e38f), 0x7F80); }

TEST(NumberFormats, Int8RoundsHalfToEvenAndClamps) {
  for (int halves = -600; halves <= 600; ++halves) {
    for (const float offset : {-1e-3f, 0.0f, 1e-3f}) {
      const float x = static_cast<float>(halves) / 2 + offset;
      const double rounded = std::nearbyint(static_cast<double>(x));
      EXPECT_EQ(float_to_int8(x), std::fmin(std::fmax(rounded, -128.0), 127.0)) << x;
    }
  }
  EXPECT_EQ(float_to_int8(std::numeric_limits<float>::infinity()), 127);
  EXPECT_EQ(float_to_int8(-std::numeric_limits<float>::infinity()), -128);
  EXPECT_EQ(float_to_int8(std::numeric_limits<float>::quiet_NaN()), 0);
}

}  // namespace
}  // namespace twofour::operands
