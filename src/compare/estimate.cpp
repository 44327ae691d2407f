#include "compare/estimate.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "core/median.h"
#include "measure/quantiles.h"
#include "measure/statistics.h"

namespace twofour::compare {
namespace {

constexpr double kLikelyTail = 0.025;

double square(double x) { return x * x; }

/// One side of a comparison: means over its measurements.
struct Location {
  double value = 0;
  double down = 0;  ///< half-widths of its interval, as far as samples tell
  double up = 0;
  std::vector<double> medians;
  double within = 0;  ///< mean variance of a measurement's median
  std::size_t samples = 0;
  std::size_t fewest = 0;
};

Location locate(std::span<const Series> measurements, double least_time) {
  Location location;
  location.fewest = measurements.front().size();
  const auto count = static_cast<double>(measurements.size());
  const double quantile = measure::normal_quantile(kLikelyTail);
  double down = 0;
  double up = 0;
  for (const Series& series : measurements) {
    const double middle = median(series);
    const Interval ends = measure::cautious_median_interval(series, least_time);
    down += square(middle - ends.low);
    up += square(ends.high - middle);
    location.medians.push_back(middle);
    location.within += square((ends.high - ends.low) / 2 / quantile) / count;
    location.samples += series.size();
    location.fewest = std::min(location.fewest, series.size());
  }
  location.value = std::accumulate(location.medians.begin(), location.medians.end(), 0.0) / count;
  location.down = std::sqrt(down) / count;
  location.up = std::sqrt(up) / count;
  return location;
}

double squares_about(const Location& location) {
  double sum = 0;
  for (const double middle : location.medians) sum += square(middle - location.value);
  return sum;
}

/// What measurements of one thing differ by beyond the error of each.
struct Between {
  double deviation = 0;  ///< of the difference of the two means
  double freedom = 0;    ///< 0: no side has two measurements, and nothing is known
};

Between between(const Location& before, const Location& after) {
  const auto olds = static_cast<double>(before.medians.size());
  const auto news = static_cast<double>(after.medians.size());
  const double freedom = olds + news - 2;
  if (freedom <= 0) return {};
  const double spread = (squares_about(before) + squares_about(after)) / freedom;
  const double within = (before.within * olds + after.within * news) / (olds + news);
  const double excess = std::isfinite(within) ? std::max(0.0, spread - within) : 0;
  return {std::sqrt(excess * (1 / olds + 1 / news)), freedom};
}

}  // namespace

void CommonCorrelation::add(const Series& series) {
  constexpr std::size_t kFewestToTell = 6;
  if (series.size() < kFewestToTell) return;
  const double time = measure::unbiased_correlation_time(series);
  sum_ += time;
  squares_ += time * time;
  ++count_;
}

double CommonCorrelation::time() const {
  if (count_ < 2) return 1;
  const double mean = sum_ / count_;
  const double variance = std::max(0.0, squares_ / count_ - mean * mean) / (count_ - 1);
  return std::max(1.0, mean - std::sqrt(variance));
}

Difference difference(std::span<const Series> before, std::span<const Series> after,
                      double least_time, double risk) {
  const Location old_side = locate(before, least_time);
  const Location new_side = locate(after, least_time);
  const Between runs = between(old_side, new_side);
  const auto between_at = [&](double tail) {
    return runs.deviation <= 0 ? 0.0
                               : runs.deviation * measure::student_quantile(tail, runs.freedom);
  };
  Difference result;
  result.value = new_side.value - old_side.value;
  result.between = between_at(kLikelyTail);
  result.old_samples = old_side.fewest;
  result.new_samples = new_side.fewest;
  const double down = std::hypot(new_side.down, old_side.up);
  const double up = std::hypot(new_side.up, old_side.down);
  result.likely = {result.value - std::hypot(down, result.between),
                   result.value + std::hypot(up, result.between)};
  const double freedom =
      std::max(1.0, static_cast<double>(old_side.samples + new_side.samples) - 2);
  const double stretch = measure::student_quantile(risk / 2, freedom) /
                         measure::student_quantile(kLikelyTail, freedom);
  const double certain_between = between_at(risk / 2);
  result.certain = {result.value - std::hypot(stretch * down, certain_between),
                    result.value + std::hypot(stretch * up, certain_between)};
  return result;
}

}  // namespace twofour::compare
