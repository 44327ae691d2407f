#include "report/sustained.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <map>
#include <optional>
#include <set>
#include <utility>

#include "report/numbers.h"
#include "report/pattern_text.h"
#include "report/problems.h"

namespace twofour::report {
namespace {

/// Geometric mean; nothing without values.
std::optional<double> mean_of(const std::vector<double>& values) {
  double logs = 0;
  std::size_t count = 0;
  for (const double value : values) {
    if (!std::isfinite(value) || value <= 0) continue;
    logs += std::log(value);
    ++count;
  }
  if (count == 0) return std::nullopt;
  return std::exp(logs / static_cast<double>(count));
}

std::string ratio_cell(const std::optional<Ratio>& ratio) {
  if (!ratio) return {};
  if (!is_known(ratio->interval)) {  // the run was interrupted before there were 6 pairs of blocks
    return fmt::format("{} {}", times(ratio->value), to_string(ratio->verdict));
  }
  return fmt::format("{} [{:.3f}, {:.3f}] {}", times(ratio->value), ratio->interval.low,
                     ratio->interval.high, to_string(ratio->verdict));
}

std::string number_cell(const std::optional<double>& value, double scale = 1) {
  return value ? short_number(*value * scale) : std::string{};
}

/// "1650 / 1710"; empty where neither was measured.
std::string clocks_cell(const Sustained& dense, const Sustained& sparse) {
  if (!dense.effective_sm_mhz && !sparse.effective_sm_mhz) return {};
  const auto one = [](const std::optional<double>& mhz) {
    return mhz ? fmt::format("{:.0f}", *mhz) : std::string("-");
  };
  return fmt::format("{} / {}", one(dense.effective_sm_mhz), one(sparse.effective_sm_mhz));
}

/// How many times as long a launch takes as one of a rested device.
std::optional<double> slow_down(const Record& r) {
  if (!r.summary || !r.sustained->median_s || r.summary->median_s <= 0) return std::nullopt;
  return *r.sustained->median_s / r.summary->median_s;
}

/// "1.36x as fast (1.32x rested)".
std::string speed_text(double sustained, const std::optional<double>& rested) {
  std::string text = fmt::format("{:.2f}x as fast", sustained);
  if (rested) text += fmt::format(" ({:.2f}x rested)", *rested);
  return text;
}

std::string energy_text(double ratio) {
  if (ratio >= 1) return fmt::format("takes {:.0f} % less energy", 100 * (1 - 1 / ratio));
  return fmt::format("takes {:.0f} % more energy", 100 * (1 / ratio - 1));
}

}  // namespace

std::vector<LoadedPair> loaded_pairs(std::span<const Record> records) {
  std::vector<LoadedPair> pairs;
  for (const Record& sparse : records) {
    if (!sparse.sustained || !sparse.sustained->vs_dense) continue;
    const auto dense = std::find_if(records.begin(), records.end(), [&](const Record& r) {
      return r.case_index == sparse.case_index && r.kernel == sparse.baseline &&
             r.cache.mode == sparse.cache.mode && r.sustained && r.sustained->median_s;
    });
    if (dense != records.end()) pairs.push_back({&*dense, &sparse});
  }
  return pairs;
}

std::string sustained_sentence(std::span<const Record> records) {
  const std::vector<LoadedPair> pairs = loaded_pairs(records);
  std::vector<double> speeds;
  std::vector<double> rested;
  std::vector<double> energies;
  for (const LoadedPair& pair : pairs) {
    speeds.push_back(pair.sparse->sustained->vs_dense->value);
    if (pair.sparse->vs_dense) rested.push_back(pair.sparse->vs_dense->value);
    if (pair.sparse->sustained->energy_vs_dense) {
      energies.push_back(pair.sparse->sustained->energy_vs_dense->value);
    }
  }
  std::set<std::string> reasons;
  for (const Record& r : records) {
    if (r.sustained && !r.sustained->reason.empty()) reasons.insert(r.sustained->reason);
  }
  std::string text;
  if (const auto speed = mean_of(speeds)) {
    text = fmt::format("Under sustained load {} is {}", to_string(pattern_of(records)),
                       speed_text(*speed, mean_of(rested)));
    const auto energy = mean_of(energies);
    text += energy ? fmt::format(" and {} for each call", energy_text(*energy))
                   : "; the device does not count its energy";
    text += pairs.size() > 1 ? fmt::format(" (geometric means of {} cases).", pairs.size()) : ".";
  }
  for (const std::string& reason : reasons) {
    text +=
        fmt::format("{}Not measured under sustained load: {}.", text.empty() ? "" : " ", reason);
  }
  return text;
}

std::string round_energy_sentence(std::span<const Record> records) {
  std::map<std::pair<int, CacheMode>, const Record*> best;
  std::string reason;
  for (const Record& r : records) {
    if (!r.energy) continue;
    if (reason.empty()) reason = r.energy->reason;
    if (!is_sparse(r.problem.sparsity) || !r.vs_dense || !r.energy->vs_dense) continue;
    const Record*& found = best[{r.case_index, r.cache.mode}];
    if (found == nullptr || r.vs_dense->value > found->vs_dense->value) found = &r;
  }
  std::vector<double> ratios;
  ratios.reserve(best.size());
  for (const auto& [key, record] : best) ratios.push_back(*record->energy->vs_dense);
  const std::optional<double> ratio = mean_of(ratios);
  if (!ratio) {
    return reason.empty() ? reason : fmt::format("Energy was not measured: {}.", reason);
  }
  return fmt::format(
      "In ordinary rounds {} {} for each call, of whole processor packages with their idle power "
      "({}without an interval).",
      to_string(pattern_of(records)), energy_text(*ratio),
      ratios.size() > 1 ? fmt::format("geometric mean of {}, ", ratios.size()) : "");
}

Grid sustained_table(std::span<const Record> records) {
  const std::vector<LoadedPair> pairs = loaded_pairs(records);
  Grid grid;
  if (pairs.empty()) return grid;
  const auto named = [&](std::string_view words) { return of_pattern(words, pattern_of(records)); };
  grid.headings = {{.text = "under sustained load"},
                   {.text = named("2:4 vs dense, rested"), .align = Align::kRight, .drop = 3},
                   {.text = "sustained [95% CI]", .align = Align::kRight},
                   {.text = named("energy, dense over 2:4"), .align = Align::kRight},
                   {.text = "mJ dense", .align = Align::kRight, .drop = 2},
                   {.text = named("mJ 2:4"), .align = Align::kRight, .drop = 2},
                   {.text = "W dense", .align = Align::kRight, .drop = 4},
                   {.text = named("W 2:4"), .align = Align::kRight, .drop = 4},
                   {.text = "time over rested", .align = Align::kRight, .drop = 5}};
  const bool clocked = std::any_of(pairs.begin(), pairs.end(), [](const LoadedPair& pair) {
    return !clocks_cell(*pair.dense->sustained, *pair.sparse->sustained).empty();
  });
  if (clocked) {
    grid.headings.push_back(
        {.text = named("SM MHz, dense / 2:4"), .align = Align::kRight, .drop = 6});
  }
  constexpr double kMilli = 1e3;
  for (const auto& [dense, sparse] : pairs) {
    const std::optional<double> slower = slow_down(*dense);
    Grid::Row row{
        .cells = {
            problem_name(*sparse, {}),
            sparse->vs_dense ? times(sparse->vs_dense->value) : std::string{},
            ratio_cell(sparse->sustained->vs_dense), ratio_cell(sparse->sustained->energy_vs_dense),
            number_cell(dense->sustained->median_j, kMilli),
            number_cell(sparse->sustained->median_j, kMilli), number_cell(dense->sustained->watts),
            number_cell(sparse->sustained->watts), slower ? times(*slower) : std::string{}}};
    if (clocked) row.cells.push_back(clocks_cell(*dense->sustained, *sparse->sustained));
    const Verdict verdict = sparse->sustained->vs_dense->verdict;
    if (verdict == Verdict::kWin) row.tone = Tone::kGood;
    if (verdict == Verdict::kLoss) row.tone = Tone::kBad;
    grid.rows.push_back(std::move(row));
  }
  return grid;
}

}  // namespace twofour::report
