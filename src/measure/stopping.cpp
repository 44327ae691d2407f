#include "measure/stopping.h"

#include <algorithm>
#include <cmath>
#include <cstddef>

#include "core/median.h"
#include "measure/statistics.h"

namespace twofour::measure {
namespace {

// With fewer samples there is no 95 % confidence interval (median_interval).
constexpr std::int64_t kMinRounds = 6;
// A rule that looks after every round stops at the first interval that is narrow by chance. This
// one looks at numbers of rounds that grow by a factor, and must be met at two looks in a row.
constexpr double kLookGrowth = 1.5;
constexpr int kLooksInARow = 2;
/// A dense contender that is slower than the fastest one by this factor, in all its samples, will
/// not become the baseline.
constexpr double kNoBaseline = 2;

}  // namespace

StoppingRule::StoppingRule(std::span<const Contender> contenders, const MeasureConfig& config)
    : contenders_(contenders),
      precision_(config.precision),
      min_rounds_(std::max(config.min_rounds, kMinRounds)),
      min_time_s_(config.min_time_s),
      max_time_s_(config.max_time_s),
      narrow_looks_(contenders.size()),
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
  // Sparse contenders first, because which dense ones must go on depends on them.
  for (const bool dense : {false, true}) {
    for (std::size_t i = 0; i < contenders_.size(); ++i) {
      if (contenders_[i].dense != dense || left_[i] || (dense && may_be_baseline(i, samples)))
        continue;
      if (narrow_looks_[i] >= kLooksInARow) {
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
    narrow_looks_[i] = precise(i, samples) ? narrow_looks_[i] + 1 : 0;
  }
}

bool StoppingRule::precise(std::size_t i, std::span<const Samples> samples) const {
  const auto narrow = [&](const Interval& interval, double value) {
    return (interval.high - interval.low) / 2 <= precision_ * value;
  };
  const auto narrow_median = [&](const std::vector<double>& times) {
    return static_cast<std::int64_t>(times.size()) >= kMinRounds &&
           narrow(median_interval(times), median(times));
  };
  const std::vector<double>& own = samples[i].device_s;
  if (!narrow_median(own)) return false;
  const std::optional<std::size_t> dense = baseline(i, samples);
  if (contenders_[i].dense || !dense) return true;
  // Requiring both medians to be narrow makes it less likely that the ratio's interval is narrow by
  // chance.
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

bool StoppingRule::may_be_baseline(std::size_t i, std::span<const Samples> samples) const {
  bool sparse_left = false;
  for (std::size_t j = 0; j < contenders_.size(); ++j) {
    const bool same = contenders_[j].group == contenders_[i].group;
    sparse_left = sparse_left || (same && !contenders_[j].dense && !left_[j]);
  }
  if (!sparse_left) return false;
  const std::vector<double>& own = samples[i].device_s;
  const std::size_t fastest = *baseline(i, samples);
  return *std::min_element(own.begin(), own.end()) <=
         kNoBaseline * median(samples[fastest].device_s);
}

}  // namespace twofour::measure
