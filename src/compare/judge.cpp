#include "compare/judge.h"

#include <algorithm>
#include <cmath>

namespace twofour::compare {
namespace {

/// Fewer have no 95 % interval between ranks.
constexpr std::int64_t kFewestToDecide = 6;
constexpr double kMostToDecide = 1e7;

Interval ratios(const Interval& logarithms) {
  return {std::exp(logarithms.low), std::exp(logarithms.high)};
}

/// Half-widths shrink with the root of the number of samples, but for the part of what differs
/// between runs.
std::optional<std::int64_t> samples_to_decide(const Difference& d, double limit) {
  const auto samples = static_cast<double>(std::min(d.old_samples, d.new_samples));
  const double reach = std::max(d.value - d.likely.low, d.likely.high - d.value);
  if (!std::isfinite(reach)) return kFewestToDecide;
  const double gap = std::abs(std::abs(d.value) - limit);
  if (gap <= d.between) return std::nullopt;
  const auto of = [](double x) { return x * x; };
  double needed = samples * (of(reach) - of(d.between)) / (of(gap) - of(d.between));
  if (std::abs(d.value) > limit) {
    const double to_none = d.value > 0 ? d.value - d.certain.low : d.certain.high - d.value;
    needed = std::max(needed, samples * of(to_none / d.value));
  }
  if (!(needed < kMostToDecide)) return std::nullopt;
  return std::max(kFewestToDecide, static_cast<std::int64_t>(std::ceil(needed)));
}

enum class Direction : std::uint8_t { kNone, kUp, kDown };

/// Where the intervals alone say that a change went.
Direction direction(const Difference& d, double threshold) {
  const double limit = std::log1p(threshold);
  if (d.likely.low > limit && d.certain.low > 0) return Direction::kUp;
  if (d.likely.high < -limit && d.certain.high < 0) return Direction::kDown;
  return Direction::kNone;
}

}  // namespace

bool taken_by_floor(const Difference& d, double threshold) {
  return direction(d, threshold) != Direction::kNone && d.floor && std::abs(d.value) <= *d.floor;
}

Shift judge(const Difference& d, Question question, double threshold) {
  const double limit = std::log1p(threshold);
  Shift shift{.change = std::exp(d.value),
              .interval = ratios(d.likely),
              .sure_interval = ratios(d.certain),
              .old_samples = static_cast<std::int64_t>(d.old_samples),
              .new_samples = static_cast<std::int64_t>(d.new_samples)};
  if (taken_by_floor(d, threshold)) return shift;  // UNCLEAR, whatever the number of samples
  if (const Direction went = direction(d, threshold); went != Direction::kNone) {
    const Direction worse = question == Question::kRatio ? Direction::kDown : Direction::kUp;
    shift.word = went == worse ? Word::kSlower : Word::kFaster;
  } else if (d.likely.low >= -limit && d.likely.high <= limit) {
    shift.word = Word::kSame;
  } else {
    shift.samples_to_decide = samples_to_decide(d, limit);
  }
  return shift;
}

}  // namespace twofour::compare
