// From samples to records: location, ratios, flags.
#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/median.h"
#include "measure/flags.h"
#include "measure/statistics.h"
#include "run/case_state.h"

namespace twofour::run {
namespace {

/// The fastest of those that `accept` takes, as the stopping rule sees it; null when there is none.
template <class Accept>
const Sampled* fastest(std::span<const Sampled> sampled, Accept accept) {
  std::vector<const Sampled*> accepted;
  std::vector<std::span<const double>> series;
  for (const Sampled& s : sampled) {
    if (!accept(s)) continue;
    accepted.push_back(&s);
    series.emplace_back(s.samples.device_s);
  }
  const std::optional<std::size_t> best = measure::fastest_of(series);
  return best ? accepted[*best] : nullptr;
}

/// A twin is compared with what it is the twin of, and with nothing else.
bool is_control(const Sampled& s) { return s.entry->twin_of.has_value(); }

bool is_dense(const Sampled& s) {
  return s.entry->record.problem.sparsity == Sparsity::kDense && !is_control(s);
}

const Sampled* dense_baseline(std::span<const Sampled> sampled, int group) {
  return fastest(sampled, [&](const Sampled& s) { return s.group == group && is_dense(s); });
}

const Sampled* bf16_baseline(std::span<const Sampled> sampled, CacheMode mode) {
  return fastest(sampled, [&](const Sampled& s) {
    return s.cache.mode == mode && is_dense(s) && s.entry->record.problem.a == DataType::kBf16 &&
           !s.entry->selected.kernel.scaled;
  });
}

const Sampled* original_of(std::span<const Sampled> sampled, const Sampled& twin) {
  return fastest(sampled, [&](const Sampled& s) {
    return s.cache.mode == twin.cache.mode && !is_control(s) &&
           s.entry->record.kernel == twin.entry->record.twin_of;
  });
}

std::optional<Ratio> ratio_to(const Sampled* baseline, const Sampled& s) {
  if (baseline == nullptr || baseline == &s) return std::nullopt;
  return measure::compare(baseline->samples.device_s, s.samples.device_s);
}

std::optional<RoundEnergy> energy_of(const Sampled& s, const Sampled* baseline) {
  std::optional<RoundEnergy> energy = s.energy;
  if (!energy || !energy->launch_j || baseline == nullptr || baseline == &s) return energy;
  if (baseline->energy && baseline->energy->launch_j) {
    energy->vs_dense = *baseline->energy->launch_j / *energy->launch_j;
  }
  return energy;
}

std::string kernel_of(const Sampled* baseline) {
  return baseline == nullptr ? std::string{} : baseline->entry->record.kernel.str();
}

std::optional<double> median_of(const Sampled* baseline) {
  if (baseline == nullptr) return std::nullopt;
  return median(baseline->samples.device_s);
}

/// `what` is what the row is sampled for.
Outcome outcome_of(measure::StopReason stopped, std::string_view what) {
  switch (stopped) {
    case measure::StopReason::kPrecise:
      break;
    case measure::StopReason::kInterrupted:
      return {OutcomeKind::kUnstable, fmt::format("interrupted before {} was precise", what)};
    case measure::StopReason::kOutOfTime:
      return {OutcomeKind::kUnstable,
              fmt::format("the time for sampling was over before {} was precise", what)};
    case measure::StopReason::kOutOfShare:
      return {OutcomeKind::kUnstable,
              fmt::format("no ratio divides by it, and its share of the time for sampling was over "
                          "before {} was precise",
                          what)};
  }
  return {};
}

Outcome outcome_for(const Sampled& s, const Record& record) {
  const bool interrupted = s.stopped == measure::StopReason::kInterrupted;
  // A control says as much as its small share of the time tells.
  if (is_control(s) && !interrupted) return {};
  return outcome_of(s.stopped, !is_dense(s) && record.vs_dense ? "its ratio" : "its time");
}

}  // namespace

void fill_results(CaseState& state, std::span<const Sampled> sampled, const ClockSample& clocks) {
  for (const Sampled& s : sampled) {
    Record record = s.entry->record;
    const bool first_result = s.entry->results.empty();
    record.cache = s.cache;
    // Its launches before the first sample, but for those of verification, are in spent_s.
    record.phases.measure_s = s.spent_s + (first_result ? s.entry->warm_up_s : 0);
    record.samples = s.samples;
    record.together = s.together;
    record.summary = measure::summarise(s.samples);
    const Sampled* dense =
        is_control(s) ? original_of(sampled, s) : dense_baseline(sampled, s.group);
    record.baseline = kernel_of(dense);
    record.vs_dense = ratio_to(dense, s);
    record.energy = energy_of(s, dense);
    record.outcome = outcome_for(s, record);
    if (state.config.dtype != DataType::kBf16 && !is_control(s)) {
      const Sampled* bf16 = bf16_baseline(sampled, s.cache.mode);
      record.bf16_baseline = kernel_of(bf16);
      record.vs_bf16 = ratio_to(bf16, s);
    }
    record.clocks = clocks;
    record.clocks.effective_sm_mhz = s.effective_mhz;
    record.read_roof_bytes_per_s = state.roofs.read_bytes_per_s;
    record.flags = measure::flags(record, median_of(dense), state.roofs);
    s.entry->results.push_back(std::move(record));
  }
}

}  // namespace twofour::run
