#include "decide/estimate.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <random>
#include <tuple>
#include <utility>

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
std::size_t block_length(std::span<const double> first, std::span<const double> second) {
  constexpr double kTimes = 4;
  const double time = std::max(measure::correlation_time(first), measure::correlation_time(second));
  const auto length = static_cast<std::size_t>(std::lround(1 + kTimes * (time - 1)));
  return std::clamp<std::size_t>(length, 1, first.size());
}

/// A median, and those of the draws; none where there are too few rounds.
using Drawn = std::pair<double, std::vector<double>>;

/// Of two series with as many rounds, drawn together; `second` may be empty.
std::pair<Drawn, Drawn> drawn_medians(std::span<const double> first, std::span<const double> second,
                                      std::uint64_t seed) {
  const std::size_t rounds = first.size();
  std::pair<Drawn, Drawn> result;
  result.first.first = median({first.begin(), first.end()});
  if (!second.empty()) result.second.first = median({second.begin(), second.end()});
  if (rounds < kFewestRounds) return result;
  const Ranked one(first);
  const Ranked two(second);
  const std::size_t length = block_length(first, second);
  std::mt19937_64 random(seed);
  std::vector<std::uint32_t> times_of_one(rounds);
  std::vector<std::uint32_t> times_of_two(second.size());
  for (std::size_t draw = 0; draw < kResamples; ++draw) {
    std::fill(times_of_one.begin(), times_of_one.end(), 0U);
    std::fill(times_of_two.begin(), times_of_two.end(), 0U);
    std::size_t round = 0;
    for (std::size_t taken = 0; taken < rounds; ++taken) {
      round = taken % length == 0 ? random() % rounds : (round + 1) % rounds;
      ++times_of_one[one.rank[round]];
      if (!second.empty()) ++times_of_two[two.rank[round]];
    }
    result.first.second.push_back(one.median_of(times_of_one));
    if (!second.empty()) result.second.second.push_back(two.median_of(times_of_two));
  }
  return result;
}

}  // namespace

Resampled resample(std::span<const double> dense_s, std::span<const double> sparse_s,
                   std::uint64_t seed) {
  if (!dense_s.empty() && !sparse_s.empty()) {
    const std::size_t pairs = std::min(dense_s.size(), sparse_s.size());
    dense_s = dense_s.first(pairs);
    sparse_s = sparse_s.first(pairs);
  }
  Resampled result;
  if (sparse_s.empty()) {
    std::tie(result.dense_s, result.dense_draws) = drawn_medians(dense_s, {}, seed).first;
  } else if (dense_s.empty()) {
    std::tie(result.sparse_s, result.sparse_draws) = drawn_medians(sparse_s, {}, seed).first;
  } else {
    std::vector<double> ratios(dense_s.size());
    for (std::size_t i = 0; i < ratios.size(); ++i) ratios[i] = dense_s[i] / sparse_s[i];
    auto [dense, ratio] = drawn_medians(dense_s, ratios, seed);
    result.sparse_s = dense.first / ratio.first;
    for (std::size_t i = 0; i < dense.second.size(); ++i) {
      result.sparse_draws.push_back(dense.second[i] / ratio.second[i]);
    }
    std::tie(result.dense_s, result.dense_draws) = std::move(dense);
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
