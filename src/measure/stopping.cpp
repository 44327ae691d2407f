#include "measure/stopping.h"

#include <algorithm>
#include <cmath>
#include <cstddef>

#include "core/median.h"
#include "measure/statistics.h"

namespace twofour::measure {
namespace {

// Below this a set of samples has no 95 % interval (median_interval).
constexpr std::int64_t kFewestRounds = 6;
// A rule that is asked after every round stops on the first interval that is narrow by luck. This
// one is asked at counts of rounds that grow by a factor, and must be met twice in a row.
constexpr double kLookGrowth = 1.5;
constexpr int kLooksInARow = 2;
constexpr double kNoBaseline = 2;

}  // namespace

StoppingRule::StoppingRule(std::span<const Contender> contenders, const MeasureConfig& config)
    : contenders_(contenders),
      precision_(config.precision),
      min_rounds_(std::max(config.min_rounds, kFewestRounds)),
      min_time_s_(config.min_time_s),
      max_time_s_(config.max_time_s),
      precise_looks_(contenders.size()),
      left_(contenders.size()) {}

bool StoppingRule::all_left() const {
  return std::all_of(left_.begin(), left_.end(), [](const auto& left) { return left.has_value(); });
}

bool StoppingRule::any_left() const {
  return std::any_of(left_.begin(), left_.end(), [](const auto& left) { return left.has_value(); });
}

double StoppingRule::share_s() const {
  return max_time_s_ / static_cast<double>(contenders_.size());
}

void StoppingRule::look(std::int64_t rounds, double elapsed_s, std::span<const Samples> samples,
                        std::span<const double> spent_s) {
  if (rounds < next_look_) return;
  next_look_ = static_cast<std::int64_t>(std::ceil(kLookGrowth * static_cast<double>(rounds)));
  if (rounds >= min_rounds_ && elapsed_s >= min_time_s_) look_at_precision(samples);
  // Sparse ones first: whether a dense one is still needed depends on them.
  for (const bool dense : {false, true}) {
    for (std::size_t i = 0; i < contenders_.size(); ++i) {
      if (contenders_[i].dense != dense || left_[i] || (dense && needed(i, samples))) continue;
      if (precise_looks_[i] >= kLooksInARow) {
        left_[i] = StopReason::kPrecise;
      } else if (dense && spent_s[i] > share_s()) {
        left_[i] = StopReason::kOutOfShare;
      }
    }
  }
}

void StoppingRule::look_at_precision(std::span<const Samples> samples) {
  for (std::size_t i = 0; i < contenders_.size(); ++i) {
    if (left_[i]) continue;
    precise_looks_[i] = precise(i, samples) ? precise_looks_[i] + 1 : 0;
  }
}

bool StoppingRule::precise(std::size_t i, std::span<const Samples> samples) const {
  const auto narrow = [&](const Interval& interval, double value) {
    return (interval.high - interval.low) / 2 <= precision_ * value;
  };
  const auto narrow_median = [&](const std::vector<double>& times) {
    return static_cast<std::int64_t>(times.size()) >= kFewestRounds &&
           narrow(median_interval(times), median(times));
  };
  const std::vector<double>& own = samples[i].device_s;
  if (!narrow_median(own)) return false;
  const std::optional<std::size_t> dense = baseline(i, samples);
  if (contenders_[i].dense || !dense) return true;
  // A ratio that is narrow by luck is less likely beside two medians that are narrow too.
  if (!narrow_median(samples[*dense].device_s)) return false;
  const Ratio ratio = compare(samples[*dense].device_s, own);
  return narrow(ratio.interval, ratio.value);
}

std::optional<std::size_t> StoppingRule::baseline(std::size_t i,
                                                  std::span<const Samples> samples) const {
  std::optional<std::size_t> best;
  double best_s = 0;
  for (std::size_t j = 0; j < contenders_.size(); ++j) {
    if (!contenders_[j].dense || contenders_[j].group != contenders_[i].group) continue;
    const double median_s = median(samples[j].device_s);
    if (!best || median_s < best_s) {
      best = j;
      best_s = median_s;
    }
  }
  return best;
}

bool StoppingRule::needed(std::size_t i, std::span<const Samples> samples) const {
  bool asked = false;
  for (std::size_t j = 0; j < contenders_.size(); ++j) {
    const bool same = contenders_[j].group == contenders_[i].group;
    asked = asked || (same && !contenders_[j].dense && !left_[j]);
  }
  if (!asked) return false;
  const std::vector<double>& own = samples[i].device_s;
  const std::size_t fastest = *baseline(i, samples);
  return *std::min_element(own.begin(), own.end()) <=
         kNoBaseline * median(samples[fastest].device_s);
}

}  // namespace twofour::measure
