// The sampling loop. It knows timed loops and numbers, but no kernels, and does no input or output.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <stop_token>
#include <vector>

#include "core/summary.h"
#include "device/timer.h"
#include "measure/energy.h"

namespace twofour::measure {

/// Rests between samples, so that a device near its power limit keeps its clocks: it idles for a
/// while after each sample.
struct Rests {
  double share = 0.5;  ///< length of a rest, as a share of the time of the sample before it
  /// Whether the device runs below its clocks because of power or heat; empty: it never does.
  std::function<bool()> wanted;
  /// Waits for the given seconds; empty: sleeps.
  std::function<void(double)> take;
};

struct MeasureConfig {
  /// Target half-width of the 95 % confidence interval of what a contender is sampled for,
  /// relative.
  double precision = 0.01;
  double max_time_s = 10;   ///< for all contenders of a case together
  double min_sample_s = 0;  ///< shortest sample; the timer's resolution x 1000 if that is more
  /// Rounds and seconds before the stopping rule first looks. The seconds make disturbances of tens
  /// of milliseconds, which neighbours on a shared machine cause, show up in the samples.
  std::int64_t min_rounds = 8;
  double min_time_s = 0.1;
  std::uint64_t seed = 0;  ///< of the shuffled orders
  Rests rests;
  /// Read before and after each sample, outside what is timed; empty: joules are not counted.
  EnergyCounter energy;
};

/// One thing to time. Contenders of one group are comparable (same dtype, output, scales, bias and
/// cache state); the ratios that must reach the precision are those of a group's sparse contenders
/// to its fastest dense one.
struct Contender {
  device::TimedLoop* loop = nullptr;
  int group = 0;
  bool dense = true;
  /// Place of the dense contender that this one is the twin of: the same kernel once more, the
  /// control of what two equal kernels differ by. It is nobody's baseline.
  std::optional<std::size_t> twin_of = std::nullopt;
  /// Seconds of a launch that has been made already, 0 if none: a slow contender is then not warmed
  /// up again.
  double warm_launch_s = 0;
};

/// Why a contender is not sampled any more. kPrecise: what it is sampled for was precise.
/// kOutOfShare: it is dense, has used its even share of `max_time_s`, and no ratio that is still
/// undecided needs it; or it is a twin and has used a twin's share.
enum class StopReason : std::uint8_t { kPrecise, kOutOfShare, kOutOfTime, kInterrupted };

/// One entry per contender.
struct Sampling {
  std::vector<Samples> samples;  ///< entry i is from round i; a contender may have left early
  std::vector<double> spent_s;   ///< wall time, rests included
  std::vector<StopReason> stopped;
  /// The median over samples of Elapsed::effective_mhz, of those that have it.
  std::vector<std::optional<double>> effective_mhz;
  std::vector<CountedEnergy> energy;  ///< of the samples that stay; empty without a counter
};

/// Current time in seconds on a steady clock; replaced in tests.
using Clock = std::function<double()>;
double steady_seconds();

/// Warms every contender up, chooses its launches per sample, then runs rounds over all contenders
/// in an order shuffled anew each round.
///
/// A sample is a multiple of the loop's quantum() and takes at least `min_sample_s`, 1000 times the
/// timer's resolution, a thousandth of an even share of `max_time_s` (so that there are some 1000
/// rounds at most), and, beside a slow contender, that one's sample / (2 x contenders): slow
/// contenders make rounds few, so the others make theirs count.
///
/// A contender stops when what it is sampled for (a 2:4 one with a baseline: the ratio; else its
/// time) was precise at two looks in a row, or at one by a factor of two, and no time is left too
/// wide. Looks begin
/// after `min_rounds` (at least 6) and `min_time_s`, and come at numbers of rounds that grow by
/// half, because a rule that looks after each round stops at intervals that are narrow by chance. A
/// dense contender goes on while sparse ones of its group need it (measure/stopping.h has the
/// rule). Rounds end when all have stopped, or as near to `max_time_s` after the call as whole
/// rounds can (later by the time that a slow contender took beyond its share: it needs at least one
/// launch to warm up and one sample), or when `stop` is requested; a round that is incomplete then
/// is dropped. One round is always completed, so that no result is empty.
///
/// `rests.wanted` is called after the warm-up and after each round, until half of `max_time_s` is
/// over, and from the 12th round on until a contender stops. When it returns true, the rounds so
/// far are dropped, because they ran at other clocks, and new ones of all contenders are taken with
/// rests (Samples::rest_share).
///
/// A time below the timer's resolution counts as the resolution. Exceptions of a loop pass through.
Sampling sample_interleaved(std::span<const Contender> contenders, double timer_resolution_s,
                            const MeasureConfig& config, std::stop_token stop = {},
                            const Clock& clock = steady_seconds);

}  // namespace twofour::measure
