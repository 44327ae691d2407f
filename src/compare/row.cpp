#include "compare/row.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <set>
#include <utility>

#include "compare/judge.h"
#include "core/median.h"

namespace twofour::compare {
namespace {

using Measurements = std::span<const Measurement>;
using Texts = std::set<std::string>;

enum class State : std::uint8_t { kAbsent, kMeasured, kBroken, kLeftOut };

State state_of(const Record& record) {
  if (record.outcome.measured()) return State::kMeasured;
  const OutcomeKind kind = record.outcome.kind;
  const bool left_out = kind == OutcomeKind::kNotBuilt || kind == OutcomeKind::kSkipped;
  return left_out ? State::kLeftOut : State::kBroken;
}

/// How many of a side's measurements are in `state`.
std::size_t count(Measurements side, State state) {
  return static_cast<std::size_t>(
      std::count_if(side.begin(), side.end(),
                    [&](const Measurement& m) { return state_of(*m.record) == state; }));
}

/// One measurement that went well makes a row of OLD a measured one.
State old_state(Measurements side) {
  for (const State state : {State::kMeasured, State::kBroken, State::kLeftOut}) {
    if (count(side, state) > 0) return state;
  }
  return State::kAbsent;
}

/// One measurement that went wrong makes a row of NEW a broken one.
State new_state(Measurements side) {
  for (const State state : {State::kBroken, State::kMeasured, State::kLeftOut}) {
    if (count(side, state) > 0) return state;
  }
  return State::kAbsent;
}

/// "failed: the reason", of the first measurement in `state`; "in 1 of 3 runs" where not all are.
std::string why(Measurements side, State state) {
  const auto first = std::find_if(
      side.begin(), side.end(), [&](const Measurement& m) { return state_of(*m.record) == state; });
  if (first == side.end()) return {};
  const Outcome& outcome = first->record->outcome;
  std::string text(to_string(outcome.kind));
  if (!outcome.reason.empty()) text += ": " + outcome.reason;
  const std::size_t times = count(side, state);
  if (times < side.size()) text += fmt::format(" (in {} of {} runs)", times, side.size());
  return text;
}

bool is_wrong(const Record& record) {
  return record.outcome.kind == OutcomeKind::kIncorrect ||
         record.outcome.kind == OutcomeKind::kFailed;
}

/// The row's word and reason where they do not follow from a shift; false where the row says
/// nothing.
bool say_state(Change& change, const Row& row) {
  const State before = old_state(row.before);
  const State after = new_state(row.after);
  const auto say = [&](Word word, std::string reason) {
    change.word = word;
    change.reason = std::move(reason);
    return true;
  };
  if (before == State::kMeasured) {
    if (after == State::kMeasured) return true;
    if (after == State::kBroken) return say(Word::kBroken, why(row.after, after));
    return say(Word::kMissing,
               after == State::kAbsent ? "NEW has no such row" : why(row.after, after));
  }
  if (after == State::kMeasured) {
    if (before == State::kBroken) return say(Word::kFixed, "was " + why(row.before, before));
    return say(Word::kNew,
               before == State::kAbsent ? "OLD has no such row" : "was " + why(row.before, before));
  }
  const bool wrong = std::any_of(row.after.begin(), row.after.end(),
                                 [](const Measurement& m) { return is_wrong(*m.record); });
  if (before == State::kBroken || !wrong) return false;
  return say(Word::kNew, why(row.after, after));
}

/// Nothing where a time is not a number above zero: there is no logarithm.
std::optional<Series> logarithms(std::vector<double> values) {
  for (double& value : values) {
    if (!std::isfinite(value) || value <= 0) return std::nullopt;
    value = std::log(value);
  }
  if (values.empty()) return std::nullopt;
  return values;
}

std::vector<Series> times_of(Measurements side) {
  std::vector<Series> all;
  for (const Measurement& m : side) {
    if (!m.record->outcome.measured() || !m.record->samples) continue;
    if (auto series = logarithms(m.record->samples->device_s)) all.push_back(std::move(*series));
  }
  return all;
}

std::vector<Series> ratios_of(Measurements side, const RunIndex& index) {
  std::vector<Series> all;
  for (const Measurement& m : side) {
    const Record* baseline = index.baseline_of(m);
    if (baseline == nullptr || !baseline->samples || !m.record->samples) continue;
    std::vector<double> ratios = baseline->samples->device_s;
    const std::vector<double>& times = m.record->samples->device_s;
    // Entry i of both is of round i; the last ones may be of rounds without the other.
    ratios.resize(std::min(ratios.size(), times.size()));
    for (std::size_t i = 0; i < ratios.size(); ++i) ratios[i] /= times[i];
    if (auto series = logarithms(std::move(ratios))) all.push_back(std::move(*series));
  }
  return all;
}

std::vector<Series> energies_of(Measurements side) {
  std::vector<Series> all;
  for (const Measurement& m : side) {
    if (!m.record->sustained) continue;
    if (auto series = logarithms(m.record->sustained->launch_j)) all.push_back(std::move(*series));
  }
  return all;
}

std::string device_of(const Measurement& m) {
  return m.record->device ? m.record->device->name : m.environment->device.id.name;
}

std::string names_of(const Record& record) {
  if (record.model.empty() && record.layer.empty()) return {};
  return fmt::format("{} of {}, TP {}", record.layer, record.model, record.tensor_parallel);
}

Change identity(const Row& row) {
  const Measurement& m = row.after.empty() ? row.before.front() : row.after.front();
  const Record& r = *m.record;
  return {.problem = r.problem,
          .provider = r.provider,
          .kernel = r.kernel,
          .cache = r.cache.mode,
          .device = device_of(m),
          .model = r.model,
          .layer = r.layer,
          .tensor_parallel = r.tensor_parallel,
          .old_runs = static_cast<int>(row.before.size()),
          .new_runs = static_cast<int>(row.after.size())};
}

template <class TextOf>
Texts texts_of(Measurements side, TextOf text_of) {
  Texts texts;
  for (const Measurement& m : side) {
    if (std::string text = text_of(*m.record); !text.empty()) texts.insert(std::move(text));
  }
  return texts;
}

std::string flags_of(const Record& record) {
  std::vector<std::string_view> names;
  for (const Flag flag : record.flags) names.push_back(to_string(flag));
  return fmt::format("{}", fmt::join(names, " "));
}

void add_notes(Change& change, const Row& row) {
  const auto note = [&](std::string_view what, auto text_of) {
    const Texts before = texts_of(row.before, text_of);
    const Texts after = texts_of(row.after, text_of);
    if (before == after) return;
    const auto joined = [](const Texts& texts) {
      return texts.empty() ? std::string("none") : fmt::format("{}", fmt::join(texts, ", "));
    };
    change.notes.push_back(fmt::format("{} {} -> {}", what, joined(before), joined(after)));
  };
  note("layer", names_of);
  note("algorithm", [](const Record& r) { return r.algorithm; });
  note("code for", [](const Record& r) { return r.architecture; });
  if (is_sparse(change.problem.sparsity)) {
    note("dense baseline", [](const Record& r) { return r.baseline; });
  }
  note("flags", flags_of);
}

std::optional<double> clock_of(Measurements side) {
  std::vector<double> clocks;
  for (const Measurement& m : side) {
    if (const auto mhz = true_clock_mhz(*m.record)) clocks.push_back(*mhz);
  }
  const double middle = median(std::move(clocks));
  return std::isfinite(middle) && middle > 0 ? std::optional(middle) : std::nullopt;
}

void add_clock(Change& change, const Row& row) {
  const std::optional<double> before = clock_of(row.before);
  const std::optional<double> after = clock_of(row.after);
  if (before && after) change.clock = ClockShift{.old_mhz = *before, .new_mhz = *after};
}

/// Memory lies elsewhere in each run, and so the mean of several strays less.
std::optional<double> floor_between(const Row& row, const RunIndex& index) {
  std::optional<double> largest;  // an empty one is less than any number
  for (const Measurements side : {Measurements(row.before), Measurements(row.after)}) {
    for (const Measurement& m : side) largest = std::max(largest, index.floor_of(m));
  }
  if (!largest) return std::nullopt;
  return *largest / std::sqrt(static_cast<double>(std::min(row.before.size(), row.after.size())));
}

/// The mean over runs of the medians, as the change has it.
double center(std::span<const Series> series) {
  double sum = 0;
  for (const Series& one : series) sum += median(one);
  return std::exp(sum / static_cast<double>(series.size()));
}

/// Says why the shift that was asked for has no word that its interval alone would give it.
void add_floor_note(Change& change, const RowSeries& row, const Estimates& estimates,
                    const Options& options) {
  const std::optional<Difference>& difference =
      options.on == Question::kRatio ? estimates.ratio : estimates.time;
  if (options.on == Question::kEnergy || !difference) return;
  if (!taken_by_floor(*difference, options.threshold)) return;
  change.notes.push_back(fmt::format("within the {:.1f} % that equal kernels differ by here",
                                     100 * std::expm1(*row.floor)));
}

}  // namespace

RunIndex::RunIndex(std::span<const report::Run> before, std::span<const report::Run> after) {
  add(before);
  add(after);
}

void RunIndex::add(std::span<const report::Run> runs) {
  for (const report::Run& run : runs) {
    for (const Record& record : run.records) {
      records_[{&run.environment, record.case_index, record.cache.mode, record.kernel}] = &record;
      if (is_twin(record)) {
        report::add_control(floors_[sweep_of({&run.environment, &record})], record);
      }
    }
  }
}

RunIndex::Sweep RunIndex::sweep_of(const Measurement& measurement) {
  const Record& r = *measurement.record;
  const DeviceId& id = r.device ? *r.device : measurement.environment->device.id;
  return {measurement.environment, r.dtype, fmt::format("{} {} {}", id.name, id.ordinal, id.uuid)};
}

std::optional<double> RunIndex::floor_of(const Measurement& measurement) const {
  const auto found = floors_.find(sweep_of(measurement));
  if (found == floors_.end()) return std::nullopt;
  return report::floor_for(found->second, *measurement.record);
}

const Record* RunIndex::baseline_of(const Measurement& measurement) const {
  const Record& r = *measurement.record;
  if (!is_sparse(r.problem.sparsity) || r.baseline.empty()) return nullptr;
  const auto found =
      records_.find({measurement.environment, r.case_index, r.cache.mode, r.baseline});
  if (found == records_.end() || found->second->problem.shape != r.problem.shape) return nullptr;
  return found->second;
}

std::optional<RowSeries> prepare(const Row& row, const RunIndex& index, const Options& options) {
  RowSeries result{.change = identity(row)};
  Change& change = result.change;
  if (!say_state(change, row)) return std::nullopt;
  if (!row.before.empty() && !row.after.empty()) {
    result.obstacles = obstacles(row.before, row.after, options.devices);
  }
  if (!result.obstacles.empty()) {
    std::vector<std::string> texts;
    for (const Contrast& c : result.obstacles) {
      texts.push_back(fmt::format("{} {} -> {}", c.what, c.old_value, c.new_value));
    }
    if (options.anyway) {
      change.notes = std::move(texts);
    } else {
      change.word = Word::kIncomparable;
      change.reason = fmt::format("{}", fmt::join(texts, "; "));
    }
  }
  if (change.word) return result;
  result.time = {times_of(row.before), times_of(row.after)};
  result.ratio = {ratios_of(row.before, index), ratios_of(row.after, index)};
  result.energy = {energies_of(row.before), energies_of(row.after)};
  if (!result.time.there()) {
    change.word = Word::kUnclear;
    change.reason = "a time is not a number above zero";
    result.ratio = {};
  }
  result.floor = floor_between(row, index);
  add_notes(change, row);
  add_clock(change, row);
  return result;
}

void BackgroundOf::add(const RowSeries& row) {
  const auto add_to = [&](CommonCorrelation& all, const Sides& sides) {
    if (!sides.there()) return;
    ++comparisons_;
    for (const Series& series : sides.before) all.add(series);
    for (const Series& series : sides.after) all.add(series);
  };
  add_to(times_, row.time);
  add_to(ratios_, row.ratio);
  if (row.energy.there()) ++comparisons_;
}

Background BackgroundOf::background(double risk) const {
  return {.time_correlation = times_.time(),
          .ratio_correlation = ratios_.time(),
          .risk = risk / static_cast<double>(std::max<std::size_t>(1, comparisons_))};
}

Estimates estimate(const RowSeries& row, const Background& background) {
  Estimates estimates;
  const auto of = [&](const Sides& sides, double correlation) -> std::optional<Difference> {
    if (!sides.there()) return std::nullopt;
    return difference(sides.before, sides.after, correlation, background.risk);
  };
  estimates.time = of(row.time, background.time_correlation);
  estimates.ratio = of(row.ratio, background.ratio_correlation);
  for (std::optional<Difference>* shift : {&estimates.time, &estimates.ratio}) {
    if (*shift) (*shift)->floor = row.floor;
  }
  // Blocks are seconds long, so that what one of them met is over in the next.
  estimates.energy = of(row.energy, 1);
  return estimates;
}

Change conclude(const RowSeries& row, const Estimates& estimates, const Options& options) {
  Change change = row.change;
  const auto shift_of = [&](const Sides& sides, const std::optional<Difference>& difference,
                            Question question) -> std::optional<Shift> {
    if (!difference) return std::nullopt;
    Shift shift = judge(*difference, question, options.threshold);
    shift.old_value = center(sides.before);
    shift.new_value = center(sides.after);
    return shift;
  };
  change.time = shift_of(row.time, estimates.time, Question::kTime);
  change.ratio = shift_of(row.ratio, estimates.ratio, Question::kRatio);
  change.energy = shift_of(row.energy, estimates.energy, Question::kEnergy);
  if (change.time && change.clock) {
    change.clock->cycles_change =
        change.time->change * change.clock->new_mhz / change.clock->old_mhz;
  }
  add_floor_note(change, row, estimates, options);
  if (!change.word) {
    if (const Boxed<Shift>& shift = asked(change, options.on)) change.word = shift->word;
  }
  return change;
}

}  // namespace twofour::compare
