// Sampling loop and stopping rule. Knows loops and numbers; no kernels, no input or output.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <stop_token>
#include <vector>

#include "core/summary.h"
#include "device/device.h"

namespace twofour::measure {

/// What keeps a device that is near its limit of power at its clocks: it idles for a while after
/// each sample.
struct Rests {
  double share = 0.5;  ///< of the time of the sample
  /// Whether the device runs below its clocks, for power or heat; empty: it never does.
  std::function<bool()> wanted;
  /// Waits for so many seconds; empty: sleeps.
  std::function<void(double)> take;
};

struct MeasureConfig {
  double precision = 0.01;  ///< target half-width of the 95 % intervals, relative
  double max_time_s = 10;   ///< for one case, all its contenders together
  double min_sample_s = 0;  ///< shortest sample; the timer's resolution x 1000 if that is more
  /// Rounds and seconds before the stopping rule is asked. The seconds let disturbances of tens of
  /// milliseconds, as neighbours on a shared machine cause them, be seen at all.
  std::int64_t min_rounds = 8;
  double min_time_s = 0.1;
  std::uint64_t seed = 0;  ///< of the shuffles
  Rests rests;
};

/// One thing to time. Contenders of one group are comparable (same dtype, output, scales, bias and
/// cache state); the ratios that must reach the precision are those of a group's sparse contenders
/// to its fastest dense one.
struct Contender {
  device::TimedLoop* loop = nullptr;
  int group = 0;
  bool dense = true;
  /// Seconds of a launch that was made already, 0 for none: one that is slow is not warmed up
  /// again.
  double warm_launch_s = 0;
};

/// Why a contender takes part in no more rounds. kOutOfShare: it spent its even share of
/// `max_time_s`, and no ratio that is still sought divides by it.
enum class StopReason : std::uint8_t { kPrecise, kOutOfShare, kOutOfTime, kInterrupted };

/// One entry per contender.
struct Sampling {
  std::vector<Samples> samples;  ///< entry i is from round i; a contender may have left early
  std::vector<double> spent_s;   ///< wall time, rests included
  std::vector<StopReason> stopped;
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
/// A contender leaves when its median and its ratio were precise at two looks in a row. Looks come
/// after `min_rounds` (6 at least) and `min_time_s`, at counts of rounds that grow by half: asking
/// after each round would stop at intervals that are narrow by luck. A dense contender stays while
/// sparse ones of its group need it (measure/stopping.h has the rule). Rounds end when all have
/// left, or as near to `max_time_s` after the call as whole rounds can (more by what a slow
/// contender, which takes one launch to warm up and one sample at least, took beyond its share), or
/// when `stop` is requested; a round that was begun then is dropped. One round is always taken, so
/// no result is empty.
///
/// `rests.wanted` is asked after the warm-up and after each round, until a contender leaves or half
/// of `max_time_s` is over. When it says yes, the rounds taken until then are dropped, because
/// their clocks are others, and new ones are taken with rests (Samples::rest_share).
///
/// A timer that returns less than its resolution counts as its resolution. An exception of a loop
/// passes through.
Sampling sample_interleaved(std::span<const Contender> contenders, double timer_resolution_s,
                            const MeasureConfig& config, std::stop_token stop = {},
                            const Clock& clock = steady_seconds);

}  // namespace twofour::measure
