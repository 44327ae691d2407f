#include "report/row_index.h"

#include <fmt/format.h>

#include <algorithm>

#include "report/left_out.h"
#include "report/pattern_text.h"
#include "report/printable.h"
#include "report/results.h"

namespace twofour::report {

void RowIndex::begin(const Run& run) {
  names_.push_back({.source = run.source, .started_unix_s = run.environment.started_unix_s});
  notes_.emplace_back();
}

std::uint32_t RowIndex::sweep_of(const Record& record, const Run& run) {
  const DeviceId id = counted_device(record, run);
  const std::size_t device =
      devices_.try_emplace(device_key(id, run.environment), devices_.size()).first->second;
  const auto [place, is_new] =
      sweep_places_.try_emplace({device, record.mode, record.dtype, record.pattern},
                                static_cast<std::uint32_t>(sweeps_.size()));
  if (is_new) {
    sweeps_.push_back({.device = device,
                       .title = device_title(id, run.environment),
                       .mode = record.mode,
                       .dtype = record.dtype,
                       .pattern = record.pattern});
  }
  return place->second;
}

void RowIndex::add(const Record& record, const Run& run) {
  names_.back().rows.push_back(row_name(record, run));
  Note note{.sweep = sweep_of(record, run)};
  if (std::string reason = reason_of(record); !reason.empty()) {
    const auto [place, is_new] = reason_places_.try_emplace(
        std::move(reason), static_cast<std::uint32_t>(reasons_.size() + 1));
    if (is_new) reasons_.push_back(place->first);
    note.reason = place->second;
  }
  notes_.back().push_back(note);
}

void RowIndex::finish(std::span<const Run> runs) {
  std::size_t doubles = 0;
  counted_ = counted_rows(names_, doubles);
  names_.clear();
  tell_doubles(doubles, of_files_);
  tell_of_files(runs, of_files_);
}

std::vector<RowIndex::Tally> RowIndex::tallies() const {
  std::vector<Tally> found;
  std::map<std::uint32_t, std::size_t> places;
  std::map<std::size_t, std::size_t> devices;  // in the order of their first row that counts
  std::vector<std::map<std::uint32_t, std::size_t>> reason_places;
  for (std::size_t run = 0; run < notes_.size(); ++run) {
    for (std::size_t row = 0; row < notes_[run].size(); ++row) {
      if (!counts(run, row)) continue;
      const Note& note = notes_[run][row];
      const auto [place, is_new] = places.try_emplace(note.sweep, found.size());
      if (is_new) {
        found.push_back({.sweep = note.sweep});
        reason_places.emplace_back();
        devices.try_emplace(sweeps_[note.sweep].device, devices.size());
      }
      Tally& tally = found[place->second];
      ++tally.rows;
      if (note.reason == 0) continue;
      const auto [reason, first] =
          reason_places[place->second].try_emplace(note.reason, tally.reasons.size());
      if (first) tally.reasons.emplace_back(note.reason, 0);
      ++tally.reasons[reason->second].second;
    }
  }
  std::stable_sort(found.begin(), found.end(), [&](const Tally& a, const Tally& b) {
    return devices.at(sweeps_[a.sweep].device) < devices.at(sweeps_[b.sweep].device);
  });
  return found;
}

std::vector<std::string> RowIndex::left_out() const {
  std::vector<std::string> told;
  told.reserve(of_files_.size());
  for (const std::string& line : of_files_) told.push_back("left out: " + printable(line));
  const std::vector<Tally> found = tallies();
  if (found.empty()) told.emplace_back("the files hold no rows");
  for (const Tally& tally : found) {
    std::vector<CountedReason> counts;
    for (const auto& [reason, count] : tally.reasons)
      counts.emplace_back(reasons_[reason - 1], count);
    std::vector<std::string> lines = reason_lines(std::move(counts), tally.rows);
    if (lines.empty()) continue;
    const NotedSweep& sweep = sweeps_[tally.sweep];
    lines.front() =
        fmt::format("{}, {}{} {}: {}", printable(sweep.title), info(sweep.dtype).cli_name,
                    pattern_mark(sweep.pattern), to_string(sweep.mode), lines.front());
    told.insert(told.end(), lines.begin(), lines.end());
  }
  return told;
}

}  // namespace twofour::report
