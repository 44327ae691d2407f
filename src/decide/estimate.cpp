#include "decide/estimate.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <random>

#include "core/median.h"
#include "measure/statistics.h"

namespace twofour::decide {
namespace {

constexpr double kTail = 0.025;

/// Values, and for each its place among them in ascending order.
struct Ranked {
  explicit Ranked(std::span<const double> values)
      : sorted(values.begin(), values.end()), rank(values.size()) {
    std::vector<std::size_t> order(values.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::stable_sort(order.begin(), order.end(),
                     [&](std::size_t a, std::size_t b) { return values[a] < values[b]; });
    for (std::size_t i = 0; i < order.size(); ++i) {
      sorted[i] = values[order[i]];
      rank[order[i]] = i;
    }
  }
  /// The median of a draw of as many values, of which `times` says how often each was drawn.
  [[nodiscard]] double median_of(const std::vector<std::uint32_t>& times) const {
    const std::size_t count = sorted.size();
    std::size_t seen = 0;
    std::size_t i = 0;
    while ((seen += times[i]) < (count + 1) / 2) ++i;
    if (count % 2 == 1 || seen > count / 2) return sorted[i];
    std::size_t next = i + 1;
    while (times[next] == 0) ++next;
    return (sorted[i] + sorted[next]) / 2;
  }

  std::vector<double> sorted;
  std::vector<std::size_t> rank;
};

/// Blocks some times as long as the correlation keep most of it; 1 where there is none to see.
std::size_t block_length(std::span<const double> dense_s, std::span<const double> sparse_s) {
  double time = 1;
  for (const auto& side : {dense_s, sparse_s}) {
    if (!side.empty()) time = std::max(time, measure::correlation_time(side));
  }
  constexpr double kTimes = 3;
  const auto length = static_cast<std::size_t>(std::lround(1 + kTimes * (time - 1)));
  return std::clamp<std::size_t>(length, 1, std::max(dense_s.size(), sparse_s.size()));
}

}  // namespace

Resampled resample(std::span<const double> dense_s, std::span<const double> sparse_s,
                   std::uint64_t seed) {
  if (!dense_s.empty() && !sparse_s.empty()) {
    const std::size_t pairs = std::min(dense_s.size(), sparse_s.size());
    dense_s = dense_s.first(pairs);
    sparse_s = sparse_s.first(pairs);
  }
  const std::size_t rounds = std::max(dense_s.size(), sparse_s.size());
  Resampled result;
  if (!dense_s.empty()) result.dense_s = median({dense_s.begin(), dense_s.end()});
  if (!sparse_s.empty()) result.sparse_s = median({sparse_s.begin(), sparse_s.end()});
  if (rounds < kFewestRounds) return result;
  const Ranked dense(dense_s);
  const Ranked sparse(sparse_s);
  const std::size_t length = block_length(dense_s, sparse_s);
  std::mt19937_64 random(seed);
  std::vector<std::uint32_t> dense_times(dense_s.size());
  std::vector<std::uint32_t> sparse_times(sparse_s.size());
  for (std::size_t draw = 0; draw < kResamples; ++draw) {
    std::fill(dense_times.begin(), dense_times.end(), 0U);
    std::fill(sparse_times.begin(), sparse_times.end(), 0U);
    std::size_t round = 0;
    for (std::size_t taken = 0; taken < rounds; ++taken) {
      round = taken % length == 0 ? random() % rounds : (round + 1) % rounds;
      if (!dense_s.empty()) ++dense_times[dense.rank[round]];
      if (!sparse_s.empty()) ++sparse_times[sparse.rank[round]];
    }
    if (!dense_s.empty()) result.dense_draws.push_back(dense.median_of(dense_times));
    if (!sparse_s.empty()) result.sparse_draws.push_back(sparse.median_of(sparse_times));
  }
  return result;
}

std::optional<Interval> middle_95(std::vector<double> draws) {
  if (draws.empty()) return std::nullopt;
  std::sort(draws.begin(), draws.end());
  const auto at = [&](double share) {
    const double place = share * static_cast<double>(draws.size() - 1);
    const auto below = static_cast<std::size_t>(place);
    const std::size_t above = std::min(below + 1, draws.size() - 1);
    const double part = place - static_cast<double>(below);
    return part > 0 ? draws[below] + part * (draws[above] - draws[below]) : draws[below];
  };
  return Interval{at(kTail), at(1 - kTail)};
}

}  // namespace twofour::decide
