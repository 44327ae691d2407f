#include "measure/stopping.h"

#include <algorithm>
#include <cmath>
#include <cstddef>

#include "core/median.h"
#include "measure/statistics.h"

namespace twofour::measure {
namespace {

// With fewer samples there is no 95 % confidence interval (median_interval).
constexpr std::int64_t kMinRounds = kFewestForInterval;
// A rule that looks after every round stops at the first interval that is narrow by chance. This
// one looks at numbers of rounds that grow by a factor, and must be met at two looks in a row.
constexpr double kLookGrowth = 1.5;
constexpr int kLooksInARow = 2;
/// Intervals that are this share of what is allowed are not so narrow by luck: one look is enough.
constexpr double kNarrowByFar = 0.5;
/// A dense contender that is slower than the fastest one by this factor, in all its samples, will
/// not become the baseline.
constexpr double kNoBaseline = 2;
/// Where ratios are sought, a time serves totals and comparisons with other runs. What disturbs all
/// kernels alike leaves it wider than the ratio, which it must not hold up.
constexpr double kTimeFactor = 2;

/// Whether some group has a sparse contender and a dense one.
bool seeks_ratios(std::span<const Contender> contenders) {
  return std::any_of(contenders.begin(), contenders.end(), [&](const Contender& sparse) {
    return !sparse.dense && std::any_of(contenders.begin(), contenders.end(), [&](const auto& c) {
      return c.dense && !c.twin_of && c.group == sparse.group;
    });
  });
}

/// Whether the interval excludes 1 by less than half of the precision. Stopping at such a moment
/// would make chance a verdict more often than one time in 20.
bool by_a_hair(const Ratio& ratio, double precision) {
  if (ratio.verdict != Verdict::kWin && ratio.verdict != Verdict::kLoss) return false;
  const Interval& ends = ratio.interval;
  const double distance = ends.low > 1 ? ends.low - 1 : 1 - ends.high;
  return distance < precision / 2;
}

bool narrow(const Interval& interval, double value, double precision) {
  return (interval.high - interval.low) / 2 <= precision * value;
}

}  // namespace

StoppingRule::StoppingRule(std::span<const Contender> contenders, const MeasureConfig& config)
    : contenders_(contenders),
      precision_(config.precision),
      time_precision_((seeks_ratios(contenders) ? kTimeFactor : 1) * config.precision),
      min_rounds_(std::max(config.min_rounds, kMinRounds)),
      min_time_s_(config.min_time_s),
      max_time_s_(config.max_time_s),
      narrow_looks_(contenders.size()),
      left_(contenders.size()) {}

bool StoppingRule::all_left() const {
  return std::all_of(left_.begin(), left_.end(), [](const auto& left) { return left.has_value(); });
}

bool StoppingRule::any_left() const {
  for (std::size_t i = 0; i < left_.size(); ++i) {
    if (left_[i] && !contenders_[i].twin_of) return true;
  }
  return false;
}

double StoppingRule::share_s() const {
  const auto twins = std::count_if(contenders_.begin(), contenders_.end(),
                                   [](const Contender& c) { return c.twin_of.has_value(); });
  return max_time_s_ / (static_cast<double>(contenders_.size()) - static_cast<double>(twins));
}

void StoppingRule::look(std::int64_t rounds, double elapsed_s, std::span<const Samples> samples,
                        std::span<const double> spent_s) {
  if (rounds < next_look_) return;
  next_look_ = static_cast<std::int64_t>(std::ceil(kLookGrowth * static_cast<double>(rounds)));
  if (rounds >= min_rounds_ && elapsed_s >= min_time_s_) look_at_precision(samples);
  // Sparse contenders first, because which dense ones must go on depends on them.
  for (const bool dense : {false, true}) {
    for (std::size_t i = 0; i < contenders_.size(); ++i) {
      const Contender& contender = contenders_[i];
      if (contender.dense != dense || contender.twin_of || left_[i]) continue;
      if (dense && may_be_baseline(i, samples)) continue;
      if (narrow_looks_[i] >= kLooksInARow) {
        left_[i] = StopReason::kPrecise;
      } else if (dense && spent_s[i] > share_s()) {
        left_[i] = StopReason::kOutOfShare;
      }
    }
  }
  look_at_twins(rounds, spent_s);
}

void StoppingRule::look_at_twins(std::int64_t rounds, std::span<const double> spent_s) {
  for (std::size_t i = 0; i < contenders_.size(); ++i) {
    const std::optional<std::size_t>& other = contenders_[i].twin_of;
    if (!other || left_[i]) continue;
    const bool rounds_done = rounds >= min_rounds_ && spent_s[i] > kTwinShare * max_time_s_;
    if (narrow_looks_[i] >= kLooksInARow) {
      left_[i] = StopReason::kPrecise;
    } else if (left_[*other] || rounds_done || spent_s[i] > share_s()) {
      left_[i] = StopReason::kOutOfShare;
    }
  }
}

void StoppingRule::look_at_precision(std::span<const Samples> samples) {
  for (std::size_t i = 0; i < contenders_.size(); ++i) {
    if (left_[i]) continue;
    if (!precise(i, samples)) {
      narrow_looks_[i] = 0;
    } else {
      narrow_looks_[i] += precise(i, samples, kNarrowByFar) ? kLooksInARow : 1;
    }
  }
}

bool StoppingRule::narrow_median(std::size_t i, std::span<const Samples> samples,
                                 double share) const {
  const std::vector<double>& times = samples[i].device_s;
  return narrow(median_interval(times), median(times), share * time_precision_);
}

bool StoppingRule::narrow_ratio(std::size_t baseline, std::size_t i,
                                std::span<const Samples> samples, double share) const {
  const Ratio ratio = compare(samples[baseline].device_s, samples[i].device_s);
  return narrow(ratio.interval, ratio.value, share * precision_);
}

bool StoppingRule::answered(std::size_t i, std::span<const Samples> samples) const {
  if (contenders_[i].twin_of) return narrow_ratio(*contenders_[i].twin_of, i, samples, 1);
  const std::optional<std::size_t> dense = baseline(i, samples);
  if (contenders_[i].dense || !dense) return narrow_median(i, samples, 1);
  return narrow_ratio(*dense, i, samples, 1);
}

bool StoppingRule::precise(std::size_t i, std::span<const Samples> samples, double share) const {
  if (contenders_[i].twin_of) return narrow_ratio(*contenders_[i].twin_of, i, samples, share);
  // Requiring both medians to be narrow makes it less likely that the ratio's interval is narrow by
  // chance.
  if (!narrow_median(i, samples, share)) return false;
  const std::optional<std::size_t> dense = baseline(i, samples);
  if (contenders_[i].dense || !dense) return true;
  if (!narrow_median(*dense, samples, share)) return false;
  const Ratio ratio = compare(samples[*dense].device_s, samples[i].device_s);
  return narrow(ratio.interval, ratio.value, share * precision_) && !by_a_hair(ratio, precision_);
}

std::optional<std::size_t> StoppingRule::baseline(std::size_t i,
                                                  std::span<const Samples> samples) const {
  std::vector<std::size_t> places;
  std::vector<std::span<const double>> series;
  for (std::size_t j = 0; j < contenders_.size(); ++j) {
    const Contender& other = contenders_[j];
    if (!other.dense || other.twin_of || other.group != contenders_[i].group) continue;
    places.push_back(j);
    series.emplace_back(samples[j].device_s);
  }
  const std::optional<std::size_t> best = fastest_of(series);
  return best ? std::optional(places[*best]) : std::nullopt;
}

bool StoppingRule::may_be_baseline(std::size_t i, std::span<const Samples> samples) const {
  bool sparse_left = false;
  for (std::size_t j = 0; j < contenders_.size(); ++j) {
    const bool same = contenders_[j].group == contenders_[i].group;
    sparse_left = sparse_left || (same && !contenders_[j].dense && !left_[j]);
  }
  if (!sparse_left) return false;
  const std::vector<double>& own = samples[i].device_s;
  const std::size_t fastest = *baseline(i, samples);
  if (*std::min_element(own.begin(), own.end()) > kNoBaseline * median(samples[fastest].device_s)) {
    return false;
  }
  return narrow_looks_[i] < kLooksInARow || !is_behind(fastest, i, samples);
}

bool StoppingRule::is_behind(std::size_t fastest, std::size_t i,
                             std::span<const Samples> samples) const {
  const Ratio ratio = compare(samples[fastest].device_s, samples[i].device_s);
  return ratio.interval.high < 1 - precision_;
}

}  // namespace twofour::measure
