#include "compare/overview.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <utility>
#include <vector>

#include "core/median.h"
#include "measure/quantiles.h"
#include "measure/statistics.h"
#include "report/answer.h"

namespace twofour::compare {
namespace {

/// Fewer have no interval between ranks, and say little of what all have in common.
constexpr std::size_t kFewestInCommon = 6;
/// What a median of absolute values of normal variables is, in standard deviations.
constexpr double kMedianOfNormal = 0.6745;

double square(double x) { return x * x; }

bool finite(const Difference& d) {
  return std::isfinite(d.likely.low) && std::isfinite(d.likely.high);
}

using Differences = std::vector<const Difference*>;

/// The mean of these very rows: their own errors average out, while what differs between runs may
/// be the same in all of them, and does not.
std::optional<Common> mean_of(const Differences& differences) {
  if (differences.empty()) return std::nullopt;
  double sum = 0;
  double down = 0;
  double up = 0;
  double between = 0;
  for (const Difference* d : differences) {
    sum += d->value;
    down += square(d->value - d->likely.low) - square(d->between);
    up += square(d->likely.high - d->value) - square(d->between);
    between += d->between;
  }
  const auto count = static_cast<double>(differences.size());
  const auto reach = [&](double squares) {
    return std::hypot(std::sqrt(std::max(0.0, squares)), between) / count;
  };
  const double mean = sum / count;
  return Common{.change = std::exp(mean),
                .interval = {std::exp(mean - reach(down)), std::exp(mean + reach(up))},
                .rows = differences.size()};
}

RegimeMeans means_of(std::string_view regime, const Comparison& comparison,
                     std::span<const Estimates> estimates, bool (*holds)(std::int64_t)) {
  Differences dense;
  Differences sparse;
  Differences ratio;
  for (std::size_t i = 0; i < estimates.size(); ++i) {
    const GemmProblem& problem = comparison.changes[i].problem;
    if (!holds(problem.shape.m)) continue;
    const Estimates& e = estimates[i];
    Differences& times = problem.sparsity == Sparsity::kDense ? dense : sparse;
    if (e.time && finite(*e.time)) times.push_back(&*e.time);
    if (e.ratio && finite(*e.ratio)) ratio.push_back(&*e.ratio);
  }
  return {regime, mean_of(dense), mean_of(sparse), mean_of(ratio)};
}

void add_means(Comparison& comparison, std::span<const Estimates> estimates) {
  std::vector<RegimeMeans> means;
  for (const report::SizeClass& size : report::kSizeClasses) {
    RegimeMeans regime = means_of(size.title, comparison, estimates, size.holds);
    if (regime.dense_time || regime.sparse_time) means.push_back(regime);
  }
  if (means.empty()) return;
  comparison.means = {
      means_of("all M", comparison, estimates, [](std::int64_t /*m*/) { return true; })};
  if (means.size() > 1) {
    comparison.means.insert(comparison.means.end(), means.begin(), means.end());
  }
}

/// By how much rows scatter about `center`, less what their intervals make of that. The median row
/// counts, so that a few that did change are not taken for scatter.
std::optional<double> unexplained(const Differences& differences, double center) {
  const double quantile = measure::normal_quantile(0.025);
  std::vector<double> scatter;
  std::vector<double> explained;
  for (const Difference* d : differences) {
    scatter.push_back(std::abs(d->value - center));
    explained.push_back((d->likely.high - d->likely.low) / 2 / quantile);
  }
  const double seen = median(scatter) / kMedianOfNormal;
  const double known = median(explained);
  constexpr double kClear = 1.5;
  if (!(seen > kClear * known)) return std::nullopt;
  return std::sqrt(square(seen) - square(known));
}

void add_common(Comparison& comparison, std::span<const Estimates> estimates) {
  std::vector<double> values;
  Differences differences;
  for (const Estimates& e : estimates) {
    if (!e.time || !finite(*e.time)) continue;
    values.push_back(e.time->value);
    differences.push_back(&*e.time);
  }
  if (values.size() < kFewestInCommon) return;
  const double center = median(values);
  const Interval ends = measure::median_interval(std::move(values));
  comparison.common_time = Common{.change = std::exp(center),
                                  .interval = {std::exp(ends.low), std::exp(ends.high)},
                                  .rows = differences.size()};
  comparison.unexplained = unexplained(differences, center);
  for (Change& change : comparison.changes) {
    if (change.time) change.beyond_common = change.time->change / comparison.common_time->change;
  }
}

void add_clocks(Comparison& comparison) {
  std::vector<double> clocks;
  std::vector<double> cycles;
  for (const Change& change : comparison.changes) {
    if (!change.clock || !change.time) continue;
    clocks.push_back(change.clock->new_mhz / change.clock->old_mhz);
    cycles.push_back(change.clock->cycles_change);
  }
  if (clocks.empty()) return;
  const std::size_t rows = clocks.size();
  comparison.clocks = Clocks{median(std::move(clocks)), median(std::move(cycles)), rows};
}

}  // namespace

void add_overview(Comparison& comparison, std::span<const Estimates> estimates) {
  add_common(comparison, estimates);
  add_clocks(comparison);
  add_means(comparison, estimates);
}

}  // namespace twofour::compare
