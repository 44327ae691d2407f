// The table behind normal_times_five, computed by the compiler, so that no machine's mathematical
// library has a say in it.
#include <cstddef>
#include <cstdint>

#include "operands/fill.h"

namespace twofour::operands {
namespace {

constexpr double kInverseSqrt2Pi = 0.398942280401432677939946;

/// exp(x) for x <= 0: Taylor's series on x / 2^10, squared ten times.
constexpr double exponential(double x) {
  const double reduced = x / 1024;
  double term = 1;
  double sum = 1;
  for (int i = 1; i <= 12; ++i) {
    term *= reduced / i;
    sum += term;
  }
  for (int i = 0; i < 10; ++i) sum *= sum;
  return sum;
}

constexpr double density(double z) { return kInverseSqrt2Pi * exponential(-z * z / 2); }

/// P(Z > z), z >= 0: the power series of the distribution function for small z (Abramowitz and
/// Stegun 26.2.11), the continued fraction of Mills' ratio for large z (26.2.14).
constexpr double tail(double z) {
  if (z < 3) {
    double term = z;
    double sum = z;
    for (int i = 1; i < 60; ++i) {
      term *= z * z / (2 * i + 1);
      sum += term;
    }
    return 0.5 - density(z) * sum;
  }
  double fraction = z;
  for (int i = 60; i > 0; --i) fraction = z + i / fraction;
  return density(z) / fraction;
}

/// The z with P(Z > z) = p, by Newton's method from `guess`. The tail is convex for z >= 0, so
/// from below the iteration climbs without overshooting.
constexpr double quantile(double p, double guess) {
  double z = guess;
  for (int i = 0; i < 60; ++i) {
    const double step = (tail(z) - p) / density(z);
    z += step;
    if (step < 1e-12 && step > -1e-12) break;
  }
  return z;
}

constexpr QuantileTable make_table() {
  constexpr double kTwo32 = 4294967296.0;
  constexpr std::size_t kPerOctave = std::size_t{1} << kQuantileSegmentBits;
  QuantileTable table{};
  table[kQuantileSegments - 1] = {0.0f, 0.0f};
  // From the middle, z = 0, outwards.
  double upper = kTwo32 / 2;
  double upper_value = 0;
  double octave = kTwo32 / 4;
  for (std::size_t segment = kQuantileSegments - 1; segment-- > 0;) {
    const double within = static_cast<double>(segment % kPerOctave);
    const double lower = octave * (1 + within / static_cast<double>(kPerOctave));
    const double lower_value = 5 * quantile(lower / kTwo32, upper_value / 5);
    const double slope = (upper_value - lower_value) / (upper - lower);
    table[segment] = {static_cast<float>(lower_value - slope * lower), static_cast<float>(slope)};
    upper = lower;
    upper_value = lower_value;
    if (segment % kPerOctave == 0) octave /= 2;
  }
  return table;
}

constexpr QuantileTable kTable = make_table();

}  // namespace

const QuantileTable& quantile_table() { return kTable; }

}  // namespace twofour::operands
