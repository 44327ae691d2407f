// Warm-up, sample length, shuffled rounds.
#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstddef>
#include <random>
#include <thread>
#include <utility>

#include "core/median.h"
#include "measure/measure.h"
#include "measure/stopping.h"

namespace twofour::measure {
namespace {

constexpr double kResolutionsPerSample = 1000;
// More rounds tell little and fill the result file: where time would allow more, samples are
// longer.
constexpr double kMostRounds = 1000;
// Calibration: samples are made a little longer than asked for, because the clock may rise.
constexpr double kLengthMargin = 1.2;
constexpr std::int64_t kMostQuantaGrowth = 100;
constexpr std::int64_t kMostQuanta = std::int64_t{1} << 30;
constexpr int kConfirmations = 2;
/// What is warm and this much longer than asked for at the first look needs no second one.
constexpr double kSureMargin = 1.1;
constexpr double kFewSamples = 4;
// Later there is not the time for enough rounds with rests.
constexpr double kRestsBeginUntil = 0.5;
// A device says only after a while that it is held back. Contenders that have left before are
// sampled anew then, in all of these rounds.
constexpr std::int64_t kRestsBeginRounds = 12;

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

/// Around the launches of one sample.
struct SampleEnergy {
  std::optional<double> joules;  ///< nothing: the counter could not be read
  double wall_s = 0;
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
        round_(contenders.size()),
        last_s_(contenders.size()),
        last_energy_(contenders.size()),
        clocks_mhz_(contenders.size()),
        rule_(contenders, config) {
    result_.samples.resize(contenders.size());
    result_.spent_s.resize(contenders.size());
    if (config.energy) result_.energy.resize(contenders.size());
  }

  Sampling run() {
    choose_lengths();
    const StopReason ending = sample_until_done();
    for (std::size_t i = 0; i < contenders_.size(); ++i) {
      const StopReason own = rule_.answered(i, result_.samples) ? StopReason::kPrecise : ending;
      result_.stopped.push_back(rule_.left(i).value_or(own));
      if (resting_) result_.samples[i].rest_share = config_.rests.share;
      result_.effective_mhz.push_back(
          clocks_mhz_[i].empty() ? std::nullopt : std::optional(median(clocks_mhz_[i])));
    }
    return std::move(result_);
  }

 private:
  device::Elapsed timed(std::size_t i, std::int64_t launches) {
    const double before = clock_();
    const std::optional<double> begin_j = energy_j();
    const double begin_s = clock_();
    device::Elapsed elapsed = contenders_[i].loop->run(launches);
    last_energy_[i].wall_s = clock_() - begin_s;
    last_energy_[i].joules = difference(begin_j, energy_j());
    if (resting_) rest(config_.rests.share * elapsed.device_s);
    last_s_[i] = clock_() - before;
    result_.spent_s[i] += last_s_[i];
    // What the timer cannot resolve took less than its resolution, and more than nothing.
    if (!(elapsed.device_s > resolution_s_)) elapsed.device_s = resolution_s_;
    return elapsed;
  }

  [[nodiscard]] std::optional<double> energy_j() const {
    return config_.energy ? config_.energy() : std::nullopt;
  }

  static std::optional<double> difference(std::optional<double> begin, std::optional<double> end) {
    return begin && end ? std::optional(*end - *begin) : std::nullopt;
  }

  void rest(double seconds) const {
    if (config_.rests.take) {
      config_.rests.take(seconds);
    } else {
      std::this_thread::sleep_for(std::chrono::duration<double>(seconds));
    }
  }

  /// Whether rests begin now.
  bool begin_rests(std::int64_t rounds) {
    if (resting_ || !config_.rests.wanted) return false;
    if (rounds >= kRestsBeginRounds && rule_.any_left()) return false;
    if (clock_() - start_s_ >= kRestsBeginUntil * config_.max_time_s) return false;
    resting_ = config_.rests.wanted();
    return resting_;
  }

  void drop_rounds() {
    rule_ = StoppingRule(contenders_, config_);
    for (Samples& samples : result_.samples) {
      samples.device_s.clear();
      samples.host_s.clear();
    }
    for (std::vector<double>& clocks : clocks_mhz_) clocks.clear();
    for (CountedEnergy& energy : result_.energy) energy = {};
  }

  void choose_lengths() {
    const double target_s = sample_target_s(contenders_.size(), resolution_s_, config_);
    std::vector<Length> lengths;
    for (std::size_t i = 0; i < contenders_.size(); ++i) lengths.push_back(calibrate(i, target_s));
    // Beside a slow contender there are few rounds. The others use them better with longer samples,
    // which together cost at most half of the slow one's. One that is too slow to stay for long
    // does not count.
    double longest_s = 0;
    for (const Length& length : lengths) {
      if (!too_slow(length.sample_s())) longest_s = std::max(longest_s, length.sample_s());
    }
    const double share_s = longest_s / 2 / static_cast<double>(contenders_.size());
    for (std::size_t i = 0; i < contenders_.size(); ++i) {
      if (lengths[i].sample_s() < share_s) lengths[i].reach(share_s / kLengthMargin);
      result_.samples[i].launches_per_sample = lengths[i].quanta * contenders_[i].loop->quantum();
    }
  }

  /// Whether an even share of the time is but a few such samples.
  [[nodiscard]] bool too_slow(double sample_s) const {
    return sample_s > rule_.share_s() / kFewSamples;
  }

  /// Warms up, then lengthens the sample until it takes `target_s` also when it is at its fastest.
  Length calibrate(std::size_t i, double target_s) {
    const std::int64_t quantum = contenders_[i].loop->quantum();
    Length length;
    length.quantum_s = contenders_[i].warm_launch_s * static_cast<double>(quantum);
    if (too_slow(length.quantum_s)) return length;
    if (!contenders_[i].loop->warmed_up()) {
      length.quantum_s = timed(i, quantum).device_s;  // the first launch may be slow
      if (too_slow(length.quantum_s)) return length;
    }
    bool first = true;
    const bool warm = contenders_[i].loop->warmed_up();
    int confirmed = 0;
    while (confirmed < kConfirmations && !stop_.stop_requested()) {
      const double elapsed_s = timed(i, length.quanta * quantum).device_s;
      const double quantum_s = elapsed_s / static_cast<double>(length.quanta);
      length.quantum_s = first ? quantum_s : std::min(length.quantum_s, quantum_s);
      const bool sure = warm && first && length.sample_s() >= kSureMargin * target_s;
      first = false;
      if (length.sample_s() >= target_s || length.quanta >= kMostQuanta) {
        // One quantum that is long enough many times over needs no second look either.
        confirmed += sure || length.sample_s() >= 10 * target_s ? kConfirmations : 1;
        continue;
      }
      confirmed = 0;
      const std::int64_t most = length.quanta * kMostQuantaGrowth;
      length.reach(target_s);
      length.quanta = std::min(length.quanta, most);
    }
    return length;
  }

  /// One sample of each contender that is left; false, and nothing kept, when interrupted on the
  /// way.
  bool sample_round(bool must_finish) {
    order_.clear();
    for (std::size_t i = 0; i < contenders_.size(); ++i) {
      if (!rule_.left(i)) order_.push_back(i);
    }
    for (std::size_t i = order_.size(); i > 1; --i) std::swap(order_[i - 1], order_[random_() % i]);
    for (const std::size_t i : order_) {
      if (!must_finish && stop_.stop_requested()) return false;
      round_[i] = timed(i, result_.samples[i].launches_per_sample);
    }
    for (const std::size_t i : order_) {
      Samples& samples = result_.samples[i];
      const auto launches = static_cast<double>(samples.launches_per_sample);
      samples.device_s.push_back(round_[i].device_s / launches);
      samples.host_s.push_back(round_[i].host_s / launches);
      if (config_.energy) {
        result_.energy[i].add(last_energy_[i].joules, round_[i].device_s, last_energy_[i].wall_s,
                              samples.launches_per_sample);
      }
      if (round_[i].effective_mhz) clocks_mhz_[i].push_back(*round_[i].effective_mhz);
    }
    return true;
  }

  /// What the next round will take, by the last one.
  [[nodiscard]] double next_round_s() const {
    double sum_s = 0;
    for (std::size_t i = 0; i < contenders_.size(); ++i) {
      if (!rule_.left(i)) sum_s += last_s_[i];
    }
    return sum_s;
  }

  /// What those that left took beyond their shares: not at the cost of the others' rounds.
  [[nodiscard]] double overspent_s() const {
    double sum_s = 0;
    for (std::size_t i = 0; i < contenders_.size(); ++i) {
      if (rule_.left(i) == StopReason::kOutOfShare) {
        sum_s += result_.spent_s[i] - rule_.share_s();
      }
    }
    return sum_s;
  }

  /// What ended the rounds of those that had not left.
  StopReason sample_until_done() {
    begin_rests(0);
    double first_round_s = clock_();
    sample_round(true);
    for (std::int64_t rounds = 1;; ++rounds) {
      if (begin_rests(rounds)) {
        drop_rounds();
        rounds = 1;
        first_round_s = clock_();
        sample_round(true);
      }
      const double now = clock_();
      rule_.look(rounds, now - first_round_s, result_.samples, result_.spent_s);
      if (rule_.all_left()) return StopReason::kPrecise;
      // Ends as near to the limit as whole rounds can.
      if (now - start_s_ - overspent_s() + next_round_s() / 2 >= config_.max_time_s)
        return StopReason::kOutOfTime;
      if (stop_.stop_requested() || !sample_round(false)) return StopReason::kInterrupted;
    }
  }

  std::span<const Contender> contenders_;
  double resolution_s_;
  const MeasureConfig& config_;
  std::stop_token stop_;
  const Clock& clock_;
  double start_s_;
  std::mt19937_64 random_;
  std::vector<std::size_t> order_;
  std::vector<device::Elapsed> round_;
  std::vector<double> last_s_;                   ///< wall time of the last sample
  std::vector<SampleEnergy> last_energy_;        ///< of the last sample
  std::vector<std::vector<double>> clocks_mhz_;  ///< of the samples that tell
  StoppingRule rule_;
  bool resting_ = false;
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
