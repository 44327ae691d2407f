#include "measure/blocks.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <utility>

#include "core/median.h"
#include "measure/statistics.h"

namespace twofour::measure {
namespace {

/// A counter that does not move for this long is taken for one that does not count.
constexpr double kLongestStep_s = 1;

/// Runs one loop in pieces and counts what it did since begin_count().
class BlockRunner {
 public:
  BlockRunner(device::TimedLoop& loop, const BlockConfig& config, const std::stop_token& stop,
              const Clock& clock)
      : loop_(loop), config_(config), stop_(stop), clock_(clock) {}

  /// One piece; false when the run is to end.
  bool piece() {
    if (stop_.stop_requested()) return false;
    const device::Elapsed elapsed = loop_.run(launches_);
    device_s_ += elapsed.device_s;
    counted_ += launches_;
    if (elapsed.effective_mhz) {
      clocked_s_ += elapsed.device_s;
      megacycles_ += *elapsed.effective_mhz * elapsed.device_s;
    }
    fit(elapsed.device_s);
    return true;
  }

  void begin_count() {
    device_s_ = 0;
    counted_ = 0;
    clocked_s_ = 0;
    megacycles_ = 0;
  }

  /// Pieces until `seconds` have gone by; false when the run is to end.
  bool run_for(double seconds) {
    const double end_s = clock_() + seconds;
    while (clock_() < end_s) {
      if (!piece()) return false;
    }
    return true;
  }

  [[nodiscard]] double launch_s() const { return device_s_ / static_cast<double>(counted_); }
  [[nodiscard]] std::int64_t launches() const { return counted_; }
  [[nodiscard]] std::optional<double> effective_mhz() const {
    return clocked_s_ > 0 ? std::optional(megacycles_ / clocked_s_) : std::nullopt;
  }

 private:
  /// The first pieces find out how many launches a piece has.
  void fit(double elapsed_s) {
    const std::int64_t quantum = loop_.quantum();
    const double wanted = config_.piece_s / std::max(elapsed_s, 1e-9);
    if (wanted < 1.5 && wanted > 0.5) return;
    const double quanta = std::round(static_cast<double>(launches_) / static_cast<double>(quantum) *
                                     std::min(wanted, kMostGrowth));
    launches_ = quantum * std::max<std::int64_t>(1, static_cast<std::int64_t>(quanta));
  }

  static constexpr double kMostGrowth = 100;

  device::TimedLoop& loop_;
  const BlockConfig& config_;
  const std::stop_token& stop_;
  const Clock& clock_;
  std::int64_t launches_ = loop_.quantum();
  double device_s_ = 0;
  std::int64_t counted_ = 0;
  double clocked_s_ = 0;
  double megacycles_ = 0;
};

/// Where the counter stood at a moment.
struct Reading {
  double joules = 0;
  double at_s = 0;
};

/// Pieces until the counter moves. Nothing when it does not, or the run is to end.
std::optional<Reading> next_step(BlockRunner& runner, const EnergyCounter& energy,
                                 const Clock& clock) {
  const std::optional<double> before = energy ? energy() : std::nullopt;
  if (!before) return std::nullopt;
  const double begin_s = clock();
  while (clock() - begin_s < kLongestStep_s && runner.piece()) {
    const std::optional<double> now = energy();
    if (!now) return std::nullopt;
    if (*now != *before) return Reading{.joules = *now, .at_s = clock()};
  }
  return std::nullopt;
}

/// Nothing when the run is to end.
std::optional<Block> run_block(BlockRunner runner, const EnergyCounter& energy,
                               const BlockConfig& config, const std::stop_token& stop,
                               const Clock& clock) {
  if (!runner.run_for(config.settle_s)) return std::nullopt;
  const std::optional<Reading> begin = next_step(runner, energy, clock);
  runner.begin_count();
  if (!runner.run_for(config.block_s - config.settle_s)) return std::nullopt;
  Block block;
  if (begin) {
    if (const std::optional<Reading> end = next_step(runner, energy, clock)) {
      block.counted_s = end->at_s - begin->at_s;
      block.counted_j = end->joules - begin->joules;
      block.launch_j = block.counted_j / static_cast<double>(runner.launches());
    }
  }
  block.launch_s = runner.launch_s();
  block.effective_mhz = runner.effective_mhz();
  if (stop.stop_requested()) return std::nullopt;
  return block;
}

}  // namespace

double sustained_seconds(const BlockConfig& config) { return 2 * config.pairs * config.block_s; }

BlockPairs sample_blocks(device::TimedLoop& first, device::TimedLoop& second,
                         const EnergyCounter& energy, const BlockConfig& config,
                         std::stop_token stop, const Clock& clock) {
  BlockPairs pairs;
  for (int pair = 0; pair < config.pairs; ++pair) {
    const auto block_of = [&](device::TimedLoop& loop) {
      if (config.before_block) config.before_block();
      return run_block({loop, config, stop, clock}, energy, config, stop, clock);
    };
    const std::optional<Block> one = block_of(first);
    const std::optional<Block> other = one ? block_of(second) : std::nullopt;
    if (!other) {
      pairs.interrupted = true;
      break;
    }
    pairs.blocks[0].push_back(*one);
    pairs.blocks[1].push_back(*other);
  }
  return pairs;
}

Sustained sustained_of(const std::vector<Block>& blocks) {
  Sustained result;
  double seconds = 0;
  double joules = 0;
  std::vector<double> clocks_mhz;
  for (const Block& block : blocks) {
    result.launch_s.push_back(block.launch_s);
    if (block.effective_mhz) clocks_mhz.push_back(*block.effective_mhz);
    if (!block.launch_j) continue;
    result.launch_j.push_back(*block.launch_j);
    seconds += block.counted_s;
    joules += block.counted_j;
  }
  // A pair is one of blocks: with gaps, entries of two kernels would not belong together.
  if (result.launch_j.size() < blocks.size()) result.launch_j.clear();
  if (!result.launch_s.empty()) result.median_s = median(result.launch_s);
  if (!clocks_mhz.empty()) result.effective_sm_mhz = median(std::move(clocks_mhz));
  if (!result.launch_j.empty()) {
    result.median_j = median(result.launch_j);
    if (seconds > 0) result.watts = joules / seconds;
  }
  return result;
}

void compare_blocks(const Sustained& baseline, Sustained& kernel) {
  kernel.vs_dense = compare(baseline.launch_s, kernel.launch_s);
  if (baseline.launch_j.empty() || kernel.launch_j.empty()) return;
  kernel.energy_vs_dense = compare(baseline.launch_j, kernel.launch_j);
}

}  // namespace twofour::measure
