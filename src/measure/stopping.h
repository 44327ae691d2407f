// When a contender has been sampled enough. Pure: knows samples, no clocks and no loops.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "core/summary.h"
#include "measure/measure.h"

namespace twofour::measure {

/// A contender leaves for good
/// - as kPrecise, when at two looks in a row the 95 % intervals of its median and, if it is sparse,
///   of the median of its group's fastest dense contender and of its ratio to that one were within
///   the precision;
/// - as kOutOfShare, if it is dense and has spent its even share of the time.
///
/// A dense contender stays in both cases while sparse ones of its group are there that may divide
/// by it: those that took more than twice the time of the group's fastest dense one in each of
/// their samples will not be the baseline. So a slow library costs one share of the time, and what
/// it leaves goes to the rows in question.
class StoppingRule {
 public:
  StoppingRule(std::span<const Contender> contenders, const MeasureConfig& config);

  /// To be called after each round with the count of rounds and the seconds they took. `samples`
  /// and `spent_s` are those of Sampling. Judges at counts of rounds that grow by half.
  void look(std::int64_t rounds, double elapsed_s, std::span<const Samples> samples,
            std::span<const double> spent_s);

  /// Whether `samples` are enough of contender `i` by themselves, at this one look.
  [[nodiscard]] bool precise(std::size_t i, std::span<const Samples> samples) const;
  /// Why contender `i` left; nothing while it takes part.
  [[nodiscard]] std::optional<StopReason> left(std::size_t i) const { return left_[i]; }
  [[nodiscard]] bool all_left() const;
  [[nodiscard]] bool any_left() const;
  /// Even share of the time of one case.
  [[nodiscard]] double share_s() const;

 private:
  void look_at_precision(std::span<const Samples> samples);
  /// The fastest dense contender of the group of `i`, by median.
  [[nodiscard]] std::optional<std::size_t> baseline(std::size_t i,
                                                    std::span<const Samples> samples) const;
  [[nodiscard]] bool needed(std::size_t i, std::span<const Samples> samples) const;

  std::span<const Contender> contenders_;
  double precision_;
  std::int64_t min_rounds_;
  double min_time_s_;
  double max_time_s_;
  std::int64_t next_look_ = 1;
  std::vector<int> precise_looks_;
  std::vector<std::optional<StopReason>> left_;
};

}  // namespace twofour::measure
