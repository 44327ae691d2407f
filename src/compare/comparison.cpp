#include "compare/comparison.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <iterator>
#include <utility>

#include "compare/judge.h"
#include "compare/match.h"
#include "compare/overview.h"
#include "compare/row.h"

namespace twofour::compare {
namespace {

std::vector<Measurement> all_of(std::span<const report::Run> runs) {
  std::vector<Measurement> all;
  for (const report::Run& run : runs) {
    for (const Record& record : run.records) all.push_back({&run.environment, &record});
  }
  return all;
}

Side side_of(std::span<const report::Run> runs) {
  Side side;
  for (const report::Run& run : runs) {
    if (std::find(side.sources.begin(), side.sources.end(), run.source) == side.sources.end()) {
      side.sources.push_back(run.source);
    }
    side.started.push_back(run.environment.started_utc);
    side.rows += static_cast<std::size_t>(std::count_if(
        run.records.begin(), run.records.end(), [](const Record& r) { return !is_twin(r); }));
  }
  return side;
}

void append_new(std::vector<Contrast>& list, const std::vector<Contrast>& more) {
  for (const Contrast& contrast : more) {
    if (std::find(list.begin(), list.end(), contrast) == list.end()) list.push_back(contrast);
  }
}

/// How large the change is that the row's word speaks of.
double size_of(const Change& change, Question on) {
  const Boxed<Shift>& shift = asked(change, on);
  return shift ? std::abs(std::log(shift->change)) : 0;
}

void sort_by_weight(std::vector<Change>& changes, Question on) {
  std::stable_sort(changes.begin(), changes.end(), [&](const Change& a, const Change& b) {
    if (a.word != b.word) return a.word && (!b.word || *a.word < *b.word);
    return size_of(a, on) > size_of(b, on);
  });
}

}  // namespace

Comparison compare(std::span<const report::Run> before, std::span<const report::Run> after,
                   const Options& options) {
  Comparison result{.options = options,
                    .before = side_of(before),
                    .after = side_of(after),
                    .headline = headline(all_of(before), all_of(after), options.devices)};
  const RunIndex index(before, after);
  // The series of a row are made twice, and those of all rows never held.
  const std::vector<Row> rows = match(before, after, options.devices);
  BackgroundOf background;
  for (const Row& row : rows) {
    const std::optional<RowSeries> prepared = prepare(row, index, options);
    if (!prepared) {
      ++result.in_neither;
      continue;
    }
    append_new(result.obstacles, prepared->obstacles);
    background.add(*prepared);
  }
  constexpr double kRiskOfAll = 0.05;
  const Background all = background.background(kRiskOfAll);
  std::vector<Estimates> estimates;
  estimates.reserve(rows.size() - result.in_neither);
  result.changes.reserve(rows.size() - result.in_neither);
  for (const Row& row : rows) {
    const std::optional<RowSeries> prepared = prepare(row, index, options);
    if (!prepared) continue;
    estimates.push_back(estimate(*prepared, all));
    result.changes.push_back(conclude(*prepared, estimates.back(), options));
  }
  add_overview(result, estimates);
  sort_by_weight(result.changes, options.on);
  return result;
}

std::vector<std::size_t> counts(std::span<const Change> changes) {
  std::vector<std::size_t> counts(kWordNames.size());
  for (const Change& change : changes) {
    if (change.word) ++counts[static_cast<std::size_t>(*change.word)];
  }
  return counts;
}

Finding finding(const Comparison& comparison, bool strict) {
  const std::vector<std::size_t> count = counts(comparison.changes);
  const auto of = [&](Word word) { return count[static_cast<std::size_t>(word)]; };
  if (of(Word::kBroken) + of(Word::kSlower) > 0) return Finding::kSomethingSlower;
  const std::size_t compared =
      of(Word::kFaster) + of(Word::kSame) + of(Word::kUnclear) + of(Word::kFixed);
  if (compared == 0) return Finding::kNothingComparable;
  return strict && of(Word::kUnclear) + of(Word::kMissing) > 0 ? Finding::kSomethingSlower
                                                               : Finding::kNothingSlower;
}

}  // namespace twofour::compare
