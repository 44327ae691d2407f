// Decides when a contender (a kernel in the interleaved measurement of one case) has been sampled
// enough. A pure function of the samples: it reads no clock and runs no loop.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "core/summary.h"
#include "measure/measure.h"

namespace twofour::measure {

/// A twin of a contender may take this share of the time of a case, beyond the least rounds.
inline constexpr double kTwinShare = 0.05;

/// The baseline of a sparse contender is the fastest dense contender of its group (fastest_of()),
/// twins left out. An interval is narrow when half of it is at most a factor times `precision`
/// times the value. A contender stops for good
/// - as kPrecise, when its intervals were narrow at two looks in a row. What it is sampled for is
///   narrow by the factor 1: the ratio of a sparse contender to its baseline, of a twin to what it
///   is the twin of, the median of any other. Where ratios are sought, no median need be narrower
///   than by the factor 2, and those of a sparse contender and of its baseline must be that too.
///   A ratio whose interval excludes 1 by less than half of the precision is sampled further. One
///   look is enough where all these intervals are half as wide as they may be;
/// - as kOutOfShare, if it is dense and has used its even share of the time;
/// - a twin as kOutOfShare, when it has used kTwinShare of the time, or as soon as what it is the
///   twin of has stopped.
///
/// But a dense contender goes on while a sparse one of its group is still sampled and may
/// yet have it as baseline. It cannot become the baseline if each of its samples took more than
/// twice the median of the fastest dense contender, or if its time is precise and the interval of
/// its ratio to that one says that it is slower by more than the precision. So a slow library costs
/// one share of the time, and the time that it does not use goes to the contenders that are still
/// undecided.
class StoppingRule {
 public:
  StoppingRule(std::span<const Contender> contenders, const MeasureConfig& config);

  /// To be called after each round, with the number of rounds so far and the seconds they took.
  /// `samples` and `spent_s` have an entry for each contender, as in Sampling. Only some calls look
  /// at the samples: the number of rounds grows by half from one look to the next.
  void look(std::int64_t rounds, double elapsed_s, std::span<const Samples> samples,
            std::span<const double> spent_s);

  /// Whether all intervals of contender `i` that kPrecise needs are narrow in `samples`: at most
  /// `share` of what is allowed.
  [[nodiscard]] bool precise(std::size_t i, std::span<const Samples> samples,
                             double share = 1) const;
  /// Whether that is narrow which it is sampled for, whatever its time.
  [[nodiscard]] bool answered(std::size_t i, std::span<const Samples> samples) const;
  /// Why contender `i` stopped; nothing while it is still sampled.
  [[nodiscard]] std::optional<StopReason> left(std::size_t i) const { return left_[i]; }
  [[nodiscard]] bool all_left() const;
  /// Twins do not count.
  [[nodiscard]] bool any_left() const;
  /// Even share of one contender in the time of the case, in seconds.
  [[nodiscard]] double share_s() const;

 private:
  void look_at_precision(std::span<const Samples> samples);
  void look_at_twins(std::int64_t rounds, std::span<const double> spent_s);
  [[nodiscard]] bool narrow_median(std::size_t i, std::span<const Samples> samples,
                                   double share) const;
  [[nodiscard]] bool narrow_ratio(std::size_t baseline, std::size_t i,
                                  std::span<const Samples> samples, double share) const;
  /// The fastest dense contender of the group of `i`; nothing if the group has none.
  [[nodiscard]] std::optional<std::size_t> baseline(std::size_t i,
                                                    std::span<const Samples> samples) const;
  /// Whether dense contender `i` may yet be the baseline of a sparse one that is still sampled.
  [[nodiscard]] bool may_be_baseline(std::size_t i, std::span<const Samples> samples) const;
  /// Whether contender `i` is slower than `fastest` by more than the precision, by its interval.
  [[nodiscard]] bool is_behind(std::size_t fastest, std::size_t i,
                               std::span<const Samples> samples) const;

  std::span<const Contender> contenders_;
  double precision_;
  double time_precision_;  ///< of medians
  std::int64_t min_rounds_;
  double min_time_s_;
  double max_time_s_;
  std::int64_t next_look_ = 1;
  std::vector<int> narrow_looks_;  ///< looks in a row at which the intervals were narrow
  std::vector<std::optional<StopReason>> left_;
};

}  // namespace twofour::measure
