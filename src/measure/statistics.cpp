#include "measure/statistics.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <numeric>
#include <stdexcept>
#include <string>
#include <utility>

#include "core/median.h"
#include "measure/quantiles.h"

namespace twofour::measure {
namespace {

constexpr double kConfidence = 0.95;
constexpr auto kFewest = static_cast<std::size_t>(kFewestForInterval);
constexpr double kTieLow = 0.99;
constexpr double kTieHigh = 1.01;

/// log P(B = k) for B binomial with n trials of probability 1/2.
double log_binomial_half(std::size_t n, std::size_t k) {
  const auto trials = static_cast<double>(n);
  const auto hits = static_cast<double>(k);
  return std::lgamma(trials + 1) - std::lgamma(hits + 1) - std::lgamma(trials - hits + 1) -
         trials * std::log(2.0);
}

/// Rank, counted from 1 and not whole, of the lower end of the interval for the median of n >= 6
/// independent values; the upper end has the same rank counted from above.
double lower_rank(std::size_t n) {
  // [x(k), x(n+1-k)] covers with probability 1 - 2 P(B <= k - 1). Below 12 standard deviations the
  // binomial has no mass that a double could hold beside 0.025.
  const auto center = static_cast<double>(n) / 2;
  const auto first =
      static_cast<std::size_t>(std::max(0.0, std::floor(center - 6 * std::sqrt(2 * center))));
  double mass = std::exp(log_binomial_half(n, first));
  double below = mass;  // P(B <= k - 1)
  std::size_t k = first + 1;
  double covered = 1 - 2 * below;
  while (true) {
    mass *= static_cast<double>(n - k + 1) / static_cast<double>(k);
    const double next = 1 - 2 * (below + mass);
    if (next < kConfidence) {
      const double share = (covered - kConfidence) / (covered - next);
      const auto rank = static_cast<double>(k);
      const auto count = static_cast<double>(n);
      return rank + (count - rank) * share / (rank + (count - 2 * rank) * share);
    }
    below += mass;
    covered = next;
    ++k;
  }
}

/// Above or below the median (+1, -1, 0 on it), in the order taken: the series whose variance
/// decides how far the sample median strays.
std::vector<int> sides(std::span<const double> values, double middle) {
  std::vector<int> side;
  side.reserve(values.size());
  for (const double v : values) side.push_back(static_cast<int>(v > middle) - (v < middle));
  return side;
}

double lagged_product(std::span<const int> side, std::size_t lag) {
  return std::inner_product(side.begin() + static_cast<std::ptrdiff_t>(lag), side.end(),
                            side.begin(), 0.0);
}

/// How many values of the series tell as much as one independent value, at least 1: the integrated
/// autocorrelation time, summed over Geyer's initial monotone sequence of pairs of lags.
double autocorrelation_time(std::span<const int> side) {
  const double variance = lagged_product(side, 0);
  if (variance <= 0) return 1;
  double time = -1;
  double last_pair = std::numeric_limits<double>::infinity();
  for (std::size_t lag = 0; lag < side.size() / 2; lag += 2) {
    const double pair = (lagged_product(side, lag) + lagged_product(side, lag + 1)) / variance;
    if (pair <= 0) break;
    last_pair = std::min(last_pair, pair);
    time += 2 * last_pair;
  }
  return std::max(time, 1.0);
}

/// By how much serial correlation of that `time` widens the interval. The second factor stands for
/// what is not known about the first: the growth of Student's quantile at count / (2 time) degrees
/// of freedom.
double widening(double time, std::size_t count) {
  return std::sqrt(time) * (1 + 2.4 * (time - 1) / static_cast<double>(count));
}

/// Value at a rank counted from 1, linear between neighbours.
double at_rank(std::span<const double> sorted, double rank) {
  const auto whole = static_cast<std::size_t>(rank);
  const double share = rank - static_cast<double>(whole);
  const double value = sorted[whole - 1];
  return share > 0 ? value + share * (sorted[whole] - value) : value;
}

/// Of those rounds that both have.
std::vector<double> ratios_of(std::span<const double> baseline, std::span<const double> kernel) {
  std::vector<double> ratios(std::min(baseline.size(), kernel.size()));
  for (std::size_t i = 0; i < ratios.size(); ++i) ratios[i] = baseline[i] / kernel[i];
  return ratios;
}

}  // namespace

Interval median_interval(std::vector<double> values) {
  if (values.size() < kFewest) {
    constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
    return {kNan, kNan};
  }
  const double time = autocorrelation_time(sides(values, median(values)));
  const double factor = widening(time, values.size());
  std::sort(values.begin(), values.end());
  const double center = static_cast<double>(values.size() + 1) / 2;
  const double rank = std::max(1.0, center - factor * (center - lower_rank(values.size())));
  return {at_rank(values, rank), at_rank(values, 2 * center - rank)};
}

Interval cautious_median_interval(std::vector<double> values, double least_time) {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  if (values.size() < 2) return {-kInfinity, kInfinity};
  const auto count = static_cast<double>(values.size());
  const double middle = median(values);
  const double time = std::max(least_time, autocorrelation_time(sides(values, middle)));
  const double factor = widening(time, values.size());
  std::sort(values.begin(), values.end());
  const auto stretched_range = [&](double stretch) {
    return Interval{middle - stretch * (middle - values.front()),
                    middle + stretch * (values.back() - middle)};
  };
  if (values.size() < kFewest) {
    // All of them are above the median, or all below, with a chance of 2^-count each.
    return stretched_range(factor * student_quantile((1 - kConfidence) / 2, count - 1) /
                           student_quantile(std::exp2(-count), count - 1));
  }
  const double center = (count + 1) / 2;
  const double distance = factor * (center - lower_rank(values.size()));
  if (distance > center - 1) return stretched_range(distance / (center - 1));
  return {at_rank(values, center - distance), at_rank(values, center + distance)};
}

double unbiased_correlation_time(std::span<const double> values) {
  const std::size_t count = values.size();
  if (count < kFewest) return 1;
  const std::vector<int> side = sides(values, median({values.begin(), values.end()}));
  const double variance = lagged_product(side, 0) / static_cast<double>(count);
  if (variance <= 0) return 1;
  const std::size_t lags = count / 4;
  double sum = 1;
  for (std::size_t lag = 1; lag <= lags; ++lag) {
    sum += 2 * lagged_product(side, lag) / static_cast<double>(count - lag) / variance;
  }
  return sum / (1 - 2 * static_cast<double>(lags) / static_cast<double>(count));
}

double correlation_time(std::span<const double> values) {
  if (values.size() < kFewestForInterval) return 1;
  return autocorrelation_time(sides(values, median({values.begin(), values.end()})));
}

Summary summarise(const Samples& samples) {
  const std::vector<double>& times = samples.device_s;
  if (times.empty()) throw std::invalid_argument("no samples to summarise");
  const auto count = static_cast<double>(times.size());
  Summary summary;
  summary.median_s = median(times);
  summary.median_interval_s = median_interval(times);
  summary.mean_s = std::accumulate(times.begin(), times.end(), 0.0) / count;
  double squares = 0;
  for (const double t : times) squares += (t - summary.mean_s) * (t - summary.mean_s);
  summary.std_s = times.size() > 1 ? std::sqrt(squares / (count - 1)) : 0;
  summary.min_s = *std::min_element(times.begin(), times.end());
  summary.host_median_s = median(samples.host_s);
  summary.samples = static_cast<std::int64_t>(times.size());
  return summary;
}

Ratio compare(std::span<const double> baseline, std::span<const double> kernel) {
  std::vector<double> ratios = ratios_of(baseline, kernel);
  if (ratios.empty()) throw std::invalid_argument("a ratio needs samples of both kernels");
  Ratio ratio;
  ratio.value = median(ratios);
  ratio.interval = median_interval(std::move(ratios));
  ratio.verdict = decide(ratio.interval);
  return ratio;
}

std::optional<std::size_t> fastest_of(std::span<const std::span<const double>> series) {
  std::size_t most = 0;
  for (const auto& one : series) most = std::max(most, one.size());
  if (most == 0) return std::nullopt;
  const auto median_of = [&](std::size_t i) {
    return median({series[i].begin(), series[i].end()});
  };
  std::optional<std::size_t> best;
  double best_s = 0;
  for (std::size_t i = 0; i < series.size(); ++i) {
    if (series[i].size() < most) continue;
    const double own_s = median_of(i);
    if (best && own_s >= best_s) continue;
    best = i;
    best_s = own_s;
  }
  for (std::size_t i = 0; i < series.size(); ++i) {
    if (series[i].empty() || series[i].size() == most) continue;
    if (median(ratios_of(series[*best], series[i])) > 1) best = i;
  }
  return best;
}

Verdict decide(const Interval& ratio_interval) {
  if (ratio_interval.low >= kTieLow && ratio_interval.high <= kTieHigh) return Verdict::kTie;
  if (ratio_interval.low > 1) return Verdict::kWin;
  if (ratio_interval.high < 1) return Verdict::kLoss;
  return Verdict::kInconclusive;
}

}  // namespace twofour::measure
