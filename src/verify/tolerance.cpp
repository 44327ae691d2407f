#include "verify/tolerance.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "operands/fill.h"

namespace twofour::verify {
namespace {

/// Unit roundoff of float32.
constexpr double kUnit = 0x1p-24;

/// lambda of Higham and Mary: a bound of this many standard deviations fails with a probability of
/// at most 2 exp(-lambda^2 / 2) = 3e-8.
constexpr double kLambda = 6;

/// Hopper's FP8 matrix instructions keep 13 bits after the leading one and cut off the rest.
constexpr double kFp8Cut = 0x1p-13;
/// Products that one of them adds to its accumulator.
constexpr double kFp8Depth = 32;
/// Products after which a kernel of wide accumulation moves its sum to a float32 register: 128 in
/// dense libraries, up to 512 in 2:4 kernels.
constexpr double kFp8Promotion = 512;

/// Partial sums of k products of either sign stay below this times the sum of magnitudes over
/// sqrt(k).
constexpr double kSpread = 4;

/// Error of k products added up in an accumulator that cuts off, in units of their magnitudes: each
/// instruction cuts the sum once, in one direction, and each product once, in random directions.
double cut_error(double k) {
  return kFp8Cut * (k / kFp8Depth + std::sqrt(k)) * std::min(1.0, kSpread / std::sqrt(k));
}

bool is_float(double value) { return static_cast<double>(static_cast<float>(value)) == value; }

/// Whether every order of evaluation, fused or not, computes scale_a * scale_b * sum + bias in
/// float32 without rounding. Products of two floats are exact in double, which makes the test
/// itself exact.
bool exact_in_any_order(double sum, double scale_a, double scale_b, double value) {
  const double scale = scale_a * scale_b;
  return is_float(sum) && is_float(scale) && is_float(scale_a * sum) && is_float(scale_b * sum) &&
         is_float(scale * sum) && is_float(value);
}

}  // namespace

double relative_accumulation_error(DataType type, Accumulation accumulation, std::int64_t k) {
  if (is_integer(type)) return 0;
  const auto n = static_cast<double>(k);
  // Higham and Mary's gamma-tilde; for few terms the certain bound is the smaller one.
  const double probable = std::expm1(kLambda * std::sqrt(n) * kUnit + n * kUnit * kUnit);
  double relative = std::min(probable, n * kUnit / (1 - n * kUnit));
  if (is_float8(type)) {
    if (accumulation == Accumulation::kFp8Fast) {
      relative += cut_error(n);
    } else {
      const double chunk = std::min(n, kFp8Promotion);
      relative += cut_error(chunk) * std::sqrt(chunk / n);
    }
  }
  return relative;
}

double output_parts_error(DataType d, double sum, double magnitude, std::int64_t k) {
  const double unit = std::ldexp(1.0, -(info(d).mantissa_bits + 1));
  const double spread = std::min(1.0, kSpread / std::sqrt(static_cast<double>(k))) * magnitude;
  const double running = kMostOutputParts * (sum * sum / 3 + spread * spread / 6);
  const double parts = spread * spread;
  return kLambda / std::numbers::sqrt3 * unit * std::sqrt(running + parts);
}

double bias_after_rounding_error(DataType d, double sum, double sum_error) {
  const double unit = std::ldexp(1.0, -(info(d).mantissa_bits + 1));
  return unit * (std::fabs(sum) + sum_error);
}

ExactElement exact_element(double sum, double sum_error, float scale_a, float scale_b, float bias) {
  const auto sa = static_cast<double>(scale_a);
  const auto sb = static_cast<double>(scale_b);
  const auto addend = static_cast<double>(bias);
  const double product = sa * sb * sum;
  const double value = product + addend;
  if (sum_error == 0 && exact_in_any_order(sum, sa, sb, value)) return {value, 0};
  // Roundings of the sum to float32, of two multiplications and of the addition.
  const double rounding = 4 * kUnit * (std::fabs(product) + std::fabs(addend)) / (1 - 4 * kUnit);
  return {value, std::fabs(sa * sb) * sum_error * (1 + 4 * kUnit) + rounding};
}

double round_to(DataType type, double value) {
  return with_output_type(type, [value]<DataType kType>() {
    using Format = operands::Format<kType>;
    return static_cast<double>(Format::decode(Format::encode(static_cast<float>(value))));
  });
}

}  // namespace twofour::verify
