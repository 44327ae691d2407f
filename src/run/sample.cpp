// Interleaved samples of all verified operations of a case.
#include <fmt/format.h>

#include <algorithm>
#include <exception>
#include <map>
#include <memory>
#include <new>
#include <optional>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "core/median.h"
#include "measure/flags.h"
#include "measure/statistics.h"
#include "run/case_state.h"
#include "run/rest_history.h"

namespace twofour::run {
namespace {

/// A loop that says whose turn it is, and remembers whose turn it was when it threw.
class AttributedLoop final : public device::TimedLoop {
 public:
  AttributedLoop(std::unique_ptr<device::TimedLoop> loop, Attempts& attempts, Entry& entry,
                 Entry*& culprit)
      : loop_(std::move(loop)),
        attempts_(attempts),
        entry_(entry),
        row_(attempts.describe(entry.record)),
        culprit_(culprit) {}

  device::Elapsed run(std::int64_t launches) override {
    attempts_.enter(row_);
    culprit_ = &entry_;
    const device::Elapsed elapsed = loop_->run(launches);
    culprit_ = nullptr;
    return elapsed;
  }
  [[nodiscard]] std::int64_t quantum() const override { return loop_->quantum(); }
  [[nodiscard]] bool warmed_up() const override { return loop_->warmed_up(); }

 private:
  std::unique_ptr<device::TimedLoop> loop_;
  Attempts& attempts_;
  Entry& entry_;
  int row_;
  Entry*& culprit_;
};

CacheState cache_state(const Entry& entry, CacheMode mode) {
  CacheState state = entry.plan.cold;
  if (mode == CacheMode::kHot) {
    state.mode = CacheMode::kHot;
    state.method = CacheMethod::kNone;
    state.copies = 1;
  }
  return state;
}

/// Kernels of one group may be divided by one another.
using GroupKey = std::tuple<DataType, DataType, bool, bool, CacheMode>;

GroupKey group_key(const Entry& entry, CacheMode mode) {
  const GemmProblem& p = entry.record.problem;
  return {p.a, p.d, p.bias, entry.selected.kernel.scaled, mode};
}

std::vector<Sampled> plan_samples(CaseState& state) {
  std::vector<Sampled> sampled;
  std::map<GroupKey, int> groups;
  for (Entry& entry : state.entries) {
    if (!entry.alive() || (entry.twin_of && !state.entries[*entry.twin_of].alive())) continue;
    for (const CacheMode mode : state.config.caches) {
      const int next = static_cast<int>(groups.size());
      const int group = groups.try_emplace(group_key(entry, mode), next).first->second;
      sampled.push_back({.entry = &entry, .cache = cache_state(entry, mode), .group = group});
    }
  }
  return sampled;
}

/// Place in `sampled` of what `s` is the twin of.
std::optional<std::size_t> original_of(const CaseState& state, const std::vector<Sampled>& sampled,
                                       const Sampled& s) {
  if (!s.entry->twin_of) return std::nullopt;
  const Entry* original = &state.entries[*s.entry->twin_of];
  for (std::size_t i = 0; i < sampled.size(); ++i) {
    if (sampled[i].entry == original && sampled[i].cache.mode == s.cache.mode) return i;
  }
  return std::nullopt;
}

/// One attempt over all of `sampled`. A kernel that throws is left in `culprit`.
void sample_all(CaseState& state, std::vector<Sampled>& sampled, Entry*& culprit) {
  std::vector<std::unique_ptr<device::TimedLoop>> loops;
  std::vector<measure::Contender> contenders;
  std::vector<double> making_s;
  for (const Sampled& s : sampled) {
    const double start_s = measure::steady_seconds();
    loops.push_back(make_loop(state, *s.entry, s.cache, culprit));
    making_s.push_back(measure::steady_seconds() - start_s);
    contenders.push_back({.loop = loops.back().get(),
                          .group = s.group,
                          .dense = s.entry->record.problem.sparsity == Sparsity::kDense,
                          .twin_of = original_of(state, sampled, s),
                          .warm_launch_s = s.entry->warm_launch_s});
  }
  measure::MeasureConfig config = state.config.measure;
  const DeviceId& id = state.device.id();
  const std::string device = fmt::format("{} {} {}", id.name, id.ordinal, id.uuid);
  const bool expected = RestHistory::shared().expects(device, state.c.shape.m);
  config.rests.wanted = [&state, expected] { return expected || state.device.probe().held_back(); };
  const std::string energy_source = state.device.probe().fine_energy_source();
  if (!energy_source.empty()) config.energy = [&state] { return state.device.probe().energy_j(); };
  if (state.config.companions != nullptr) {
    state.config.companions->meet(state.c.index, state.stop);
  }
  state.device.probe().watch_throttling();
  measure::Sampling sampling = measure::sample_interleaved(
      contenders, state.device.timer().resolution_s(), config, state.stop);
  state.attempts.leave();
  if (!expected) {
    const bool rested = sampling.samples.front().rest_share > 0;
    RestHistory::shared().note(device, state.c.shape.m, rested);
  }
  std::optional<Together> together;
  if (state.config.companions != nullptr) together = state.config.companions->met();
  for (std::size_t i = 0; i < sampled.size(); ++i) {
    sampled[i].together = together;
    sampled[i].samples = std::move(sampling.samples[i]);
    sampled[i].spent_s = making_s[i] + sampling.spent_s[i];
    sampled[i].stopped = sampling.stopped[i];
    sampled[i].effective_mhz = sampling.effective_mhz[i];
    if (energy_source.empty()) continue;
    sampled[i].energy = measure::round_energy(sampling.energy[i]);
    sampled[i].energy->source = energy_source;
  }
}

/// The bandwidth of a shared machine changes while a run goes on. Weights that came faster than the
/// roof were in cache, or the roof was measured at a bad time: measured again now, it tells.
void check_read_roof(CaseState& state, const std::vector<Sampled>& sampled) {
  const bool above = std::any_of(sampled.begin(), sampled.end(), [&](const Sampled& s) {
    return s.cache.mode == CacheMode::kCold &&
           measure::above_read_roof(s.entry->record, median(s.samples.device_s), state.roofs);
  });
  if (!above) return;
  // An empty optional is less than any number.
  std::optional<double>& roof = state.roofs.read_bytes_per_s;
  roof = std::max(roof, state.device.probe().measure_roofs({}).read_bytes_per_s);
}

/// Ends the row of `culprit`; those of all when it was none of the kernels.
void fail(CaseState& state, Entry* culprit, const std::string& reason) {
  state.attempts.leave();
  for (Entry& entry : state.entries) {
    if (!entry.alive() || (culprit != nullptr && culprit != &entry)) continue;
    entry.end(OutcomeKind::kFailed, reason);
    entry.results.clear();
    entry.operation.reset();
  }
}

}  // namespace

std::unique_ptr<device::TimedLoop> make_loop(CaseState& state, Entry& entry,
                                             const CacheState& cache, Entry*& culprit) {
  // A loop may launch while it is made.
  const AttemptScope scope(state.attempts, entry.record);
  culprit = &entry;
  auto loop =
      state.device.timer().timed_loop({.launch = [&entry](int slot) { entry.launch(slot); },
                                       .cache = cache,
                                       .weights = entry.weights->ranges(0, entry.plan.gemms),
                                       .effective_clock = true});
  culprit = nullptr;
  return std::make_unique<AttributedLoop>(std::move(loop), state.attempts, entry, culprit);
}

void sample_entries(CaseState& state) {
  // A kernel that fails now loses its own row; the others start again without it.
  while (true) {
    std::vector<Sampled> sampled = plan_samples(state);
    if (sampled.empty()) return;
    Entry* culprit = nullptr;
    try {
      sample_all(state, sampled, culprit);
      const ClockSample clocks = state.device.probe().clocks();
      check_read_roof(state, sampled);
      fill_results(state, sampled, clocks);
      return;
    } catch (const std::bad_alloc&) {
      fail(state, culprit, "out of memory");
    } catch (const std::exception& error) {
      fail(state, culprit, error.what());
    }
  }
}

}  // namespace twofour::run
