// Warm-up, sample length, shuffled rounds, stopping rule.
#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstddef>
#include <map>
#include <numeric>
#include <random>
#include <utility>

#include "measure/measure.h"
#include "measure/statistics.h"

namespace twofour::measure {
namespace {

constexpr double kResolutionsPerSample = 1000;
// More rounds tell little and fill the result file: where time would allow more, samples are
// longer.
constexpr double kMostRounds = 1000;
// Below this a set of samples has no 95 % interval (median_interval).
constexpr std::int64_t kFewestRounds = 6;
// A rule that is asked after every round stops on the first interval that is narrow by luck. This
// one is asked at counts of rounds that grow by a factor, and must be met twice in a row.
constexpr double kLookGrowth = 1.5;
constexpr int kLooksInARow = 2;

// Calibration: samples are made a little longer than asked for, because the clock may rise.
constexpr double kLengthMargin = 1.2;
constexpr std::int64_t kMostQuantaGrowth = 100;
constexpr std::int64_t kMostQuanta = std::int64_t{1} << 30;
constexpr int kConfirmations = 2;

double sample_target_s(std::size_t contenders, double resolution_s, const MeasureConfig& config) {
  return std::max({config.min_sample_s, kResolutionsPerSample * resolution_s,
                   config.max_time_s / kMostRounds / static_cast<double>(contenders)});
}

/// How many quanta of a loop make a sample.
struct Length {
  std::int64_t quanta = 1;
  double quantum_s = 0;  ///< the shortest seen

  /// Lengthens to at least `target_s` by what is known.
  void reach(double target_s) {
    if (quantum_s <= 0) return;
    const double needed = std::ceil(kLengthMargin * target_s / quantum_s);
    quanta = std::max(
        quanta, static_cast<std::int64_t>(std::min(needed, static_cast<double>(kMostQuanta))));
  }
  [[nodiscard]] double sample_s() const { return static_cast<double>(quanta) * quantum_s; }
};

class Sampler {
 public:
  Sampler(std::span<const Contender> contenders, double resolution_s, const MeasureConfig& config,
          std::stop_token stop, const Clock& clock)
      : contenders_(contenders),
        resolution_s_(resolution_s),
        config_(config),
        stop_(std::move(stop)),
        clock_(clock),
        start_s_(clock()),
        random_(config.seed),
        order_(contenders.size()),
        round_(contenders.size()),
        next_look_(std::max(config.min_rounds, kFewestRounds)) {
    std::iota(order_.begin(), order_.end(), std::size_t{0});
    result_.samples.resize(contenders.size());
    result_.spent_s.resize(contenders.size());
  }

  Sampling run() {
    choose_lengths();
    rounds_start_s_ = clock_();
    sample_until_done();
    result_.precise = precise();
    return std::move(result_);
  }

 private:
  device::Elapsed timed(std::size_t i, std::int64_t launches) {
    const double before = clock_();
    device::Elapsed elapsed = contenders_[i].loop->run(launches);
    result_.spent_s[i] += clock_() - before;
    // What the timer cannot resolve took less than its resolution, and more than nothing.
    if (!(elapsed.device_s > resolution_s_)) elapsed.device_s = resolution_s_;
    return elapsed;
  }

  void choose_lengths() {
    const double target_s = sample_target_s(contenders_.size(), resolution_s_, config_);
    std::vector<Length> lengths;
    for (std::size_t i = 0; i < contenders_.size(); ++i) lengths.push_back(calibrate(i, target_s));
    double longest_s = 0;
    for (const Length& length : lengths) longest_s = std::max(longest_s, length.sample_s());
    // Beside a slow contender there are few rounds. The others use them better with longer samples,
    // which together cost at most half of the slow one's.
    const double share_s = longest_s / 2 / static_cast<double>(contenders_.size());
    for (std::size_t i = 0; i < contenders_.size(); ++i) {
      if (lengths[i].sample_s() < share_s) lengths[i].reach(share_s / kLengthMargin);
      result_.samples[i].launches_per_sample = lengths[i].quanta * contenders_[i].loop->quantum();
    }
  }

  /// Warms up, then lengthens the sample until it takes `target_s` also when it is at its fastest.
  Length calibrate(std::size_t i, double target_s) {
    const std::int64_t quantum = contenders_[i].loop->quantum();
    Length length;
    length.quantum_s = timed(i, quantum).device_s;  // the first launch may be slow
    bool first = true;
    int confirmed = 0;
    while (confirmed < kConfirmations && !stop_.stop_requested()) {
      const double elapsed_s = timed(i, length.quanta * quantum).device_s;
      const double quantum_s = elapsed_s / static_cast<double>(length.quanta);
      length.quantum_s = first ? quantum_s : std::min(length.quantum_s, quantum_s);
      first = false;
      if (length.sample_s() >= target_s || length.quanta >= kMostQuanta) {
        // One quantum that is long enough many times over needs no second look.
        confirmed += length.sample_s() >= 10 * target_s ? kConfirmations : 1;
        continue;
      }
      confirmed = 0;
      const std::int64_t most = length.quanta * kMostQuantaGrowth;
      length.reach(target_s);
      length.quanta = std::min(length.quanta, most);
    }
    return length;
  }

  /// One sample of each contender; false, and nothing kept, when interrupted on the way.
  bool sample_round(bool must_finish) {
    for (std::size_t i = order_.size(); i > 1; --i) std::swap(order_[i - 1], order_[random_() % i]);
    for (const std::size_t i : order_) {
      if (!must_finish && stop_.stop_requested()) return false;
      round_[i] = timed(i, result_.samples[i].launches_per_sample);
    }
    for (std::size_t i = 0; i < round_.size(); ++i) {
      Samples& samples = result_.samples[i];
      const auto launches = static_cast<double>(samples.launches_per_sample);
      samples.device_s.push_back(round_[i].device_s / launches);
      samples.host_s.push_back(round_[i].host_s / launches);
    }
    return true;
  }

  void sample_until_done() {
    sample_round(true);
    for (std::int64_t rounds = 1;; ++rounds) {
      const double now = clock_();
      if (precise_for_long_enough(rounds, now)) {
        result_.stopped = StopReason::kPrecise;
        return;
      }
      // Ends as near to the limit as whole rounds can.
      const double round_s = (now - rounds_start_s_) / static_cast<double>(rounds);
      if (now - start_s_ + round_s / 2 >= config_.max_time_s) {
        result_.stopped = StopReason::kOutOfTime;
        return;
      }
      if (stop_.stop_requested() || !sample_round(false)) {
        result_.stopped = StopReason::kInterrupted;
        return;
      }
    }
  }

  /// The stopping rule; says no between looks.
  bool precise_for_long_enough(std::int64_t rounds, double now) {
    if (rounds < next_look_ || now - rounds_start_s_ < config_.min_time_s) return false;
    next_look_ = static_cast<std::int64_t>(std::ceil(kLookGrowth * static_cast<double>(rounds)));
    const std::vector<bool> reached = precise();
    const bool all = std::all_of(reached.begin(), reached.end(), [](bool b) { return b; });
    precise_looks_ = all ? precise_looks_ + 1 : 0;
    return precise_looks_ >= kLooksInARow;
  }

  [[nodiscard]] bool narrow(const Interval& interval, double value) const {
    return (interval.high - interval.low) / 2 <= config_.precision * value;
  }

  [[nodiscard]] std::vector<bool> precise() const {
    const std::size_t count = contenders_.size();
    std::vector<bool> reached(count, false);
    if (static_cast<std::int64_t>(result_.samples.front().device_s.size()) < kFewestRounds) {
      return reached;
    }
    std::vector<double> medians(count);
    std::map<int, std::size_t> fastest_dense;  // by group
    for (std::size_t i = 0; i < count; ++i) {
      medians[i] = median(result_.samples[i].device_s);
      reached[i] = narrow(median_interval(result_.samples[i].device_s), medians[i]);
      if (!contenders_[i].dense) continue;
      std::size_t& best = fastest_dense.try_emplace(contenders_[i].group, i).first->second;
      if (medians[i] < medians[best]) best = i;
    }
    for (std::size_t i = 0; i < count; ++i) {
      const auto dense = fastest_dense.find(contenders_[i].group);
      if (contenders_[i].dense || dense == fastest_dense.end()) continue;
      const Ratio ratio =
          compare(result_.samples[dense->second].device_s, result_.samples[i].device_s);
      reached[i] = reached[i] && narrow(ratio.interval, ratio.value);
    }
    return reached;
  }

  std::span<const Contender> contenders_;
  double resolution_s_;
  const MeasureConfig& config_;
  std::stop_token stop_;
  const Clock& clock_;
  double start_s_;
  double rounds_start_s_ = 0;
  std::mt19937_64 random_;
  std::vector<std::size_t> order_;
  std::vector<device::Elapsed> round_;
  std::int64_t next_look_;
  int precise_looks_ = 0;
  Sampling result_;
};

}  // namespace

double steady_seconds() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

Sampling sample_interleaved(std::span<const Contender> contenders, double timer_resolution_s,
                            const MeasureConfig& config, std::stop_token stop, const Clock& clock) {
  if (contenders.empty()) return {};
  return Sampler(contenders, timer_resolution_s, config, std::move(stop), clock).run();
}

}  // namespace twofour::measure
