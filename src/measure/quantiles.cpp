#include "measure/quantiles.h"

#include <cmath>
#include <initializer_list>
#include <numbers>

namespace twofour::measure {
namespace {

/// Where the falling function `tail_of` has the value `tail`; it is at least that at 0.
template <class TailOf>
double solve(TailOf tail_of, double tail) {
  double high = 1;
  while (tail_of(high) > tail) high *= 2;
  double low = 0;
  constexpr int kHalvings = 60;
  for (int i = 0; i < kHalvings; ++i) {
    const double middle = (low + high) / 2;
    (tail_of(middle) > tail ? low : high) = middle;
  }
  return high;
}

/// Continued fraction of the incomplete beta function (DLMF 8.17.22), by the method of Lentz.
double beta_fraction(double a, double b, double x) {
  constexpr double kTiny = 1e-300;
  constexpr double kPrecise = 1e-14;
  constexpr int kMostTerms = 10'000;
  const auto away_from_zero = [](double value) { return std::abs(value) < kTiny ? kTiny : value; };
  double c = 1;
  double d = 1 / away_from_zero(1 - (a + b) * x / (a + 1));
  double fraction = d;
  for (int m = 1; m < kMostTerms; ++m) {
    const double even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m));
    const double odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1));
    double step = 1;
    for (const double term : {even, odd}) {
      d = 1 / away_from_zero(1 + term * d);
      c = away_from_zero(1 + term / c);
      step = c * d;
      fraction *= step;
    }
    if (std::abs(step - 1) < kPrecise) break;
  }
  return fraction;
}

/// The regularised incomplete beta function I_x(a, b).
double beta_share(double a, double b, double x) {
  if (x <= 0) return 0;
  if (x >= 1) return 1;
  const double front = std::exp(std::lgamma(a + b) - std::lgamma(a) - std::lgamma(b) +
                                a * std::log(x) + b * std::log1p(-x));
  if (x < (a + 1) / (a + b + 2)) return front * beta_fraction(a, b, x) / a;
  return 1 - front * beta_fraction(b, a, 1 - x) / b;
}

}  // namespace

double normal_quantile(double tail) {
  return solve([](double z) { return std::erfc(z / std::numbers::sqrt2) / 2; }, tail);
}

double student_quantile(double tail, double freedom) {
  return solve(
      [&](double t) { return beta_share(freedom / 2, 0.5, freedom / (freedom + t * t)) / 2; },
      tail);
}

}  // namespace twofour::measure
