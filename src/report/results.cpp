#include "report/results.h"

#include <algorithm>
#include <map>
#include <unordered_map>
#include <utility>

#include "report/floor.h"
#include "report/row_names.h"

namespace twofour::report {
namespace {

/// What the names of all rows say.
std::vector<std::vector<CountedRow>> counted(std::span<const Run> runs, std::size_t& doubles) {
  std::vector<RunNames> names;
  names.reserve(runs.size());
  for (const Run& run : runs) {
    names.push_back({.source = run.source, .started_unix_s = run.environment.started_unix_s});
    names.back().rows.reserve(run.records.size());
    for (const Record& record : run.records) names.back().rows.push_back(row_name(record, run));
  }
  return counted_rows(names, doubles);
}

/// Numbers cases anew where their numbers do not tell them apart or are several for one case, as
/// where sweeps of different sizes were put together.
void number_cases(std::vector<Record>& records, const std::vector<std::size_t>& names) {
  std::unordered_map<int, std::size_t> name_of;
  std::unordered_map<std::size_t, int> number_of;
  bool as_in_files = true;
  for (std::size_t i = 0; i < records.size(); ++i) {
    const int index = records[i].case_index;
    const bool same_name = name_of.try_emplace(index, names[i]).first->second == names[i];
    const bool same_number = number_of.try_emplace(names[i], index).first->second == index;
    as_in_files = as_in_files && same_name && same_number;
  }
  if (as_in_files) return;
  number_of.clear();
  for (std::size_t i = 0; i < records.size(); ++i) {
    const int next = static_cast<int>(number_of.size());
    records[i].case_index = number_of.try_emplace(names[i], next).first->second;
  }
}

}  // namespace

bool is_split(const Environment& environment) {
  const auto found = environment.device.details.find(std::string(kSpreadDetail));
  return found != environment.device.details.end() && found->second.starts_with(kSplitText);
}

DeviceId without_part(DeviceId id) {
  id.uuid.clear();
  id.pci_address.clear();
  id.ordinal = 0;
  if (id.kind == DeviceKind::kCpu) id.name = id.name.view().substr(0, id.name.view().rfind(" ("));
  return id;
}

DeviceId counted_device(const Record& record, const Run& run) {
  const DeviceId& id = device_of(record, run);
  return is_split(run.environment) ? without_part(id) : id;
}

const DeviceId& device_of(const Record& record, const Run& run) {
  return record.device ? *record.device : run.environment.device.id;
}

std::vector<Record> rows_of(std::span<const Run> runs) {
  std::vector<Record> rows;
  for (const Run& run : runs) rows.insert(rows.end(), run.records.begin(), run.records.end());
  return rows;
}

std::vector<Run> without_doubles(std::span<const Run> runs, std::vector<std::string>* left_out) {
  std::size_t doubles = 0;
  const std::vector<std::vector<CountedRow>> rows = counted(runs, doubles);
  std::vector<Run> kept;
  for (std::size_t i = 0; i < runs.size(); ++i) {
    kept.push_back({.source = runs[i].source,
                    .environment = runs[i].environment,
                    .records = {},
                    .attempts = runs[i].attempts,
                    .cut = runs[i].cut});
    for (std::size_t row = 0; row < rows[i].size(); ++row) {
      if (rows[i][row].counts) kept.back().records.push_back(runs[i].records[row]);
    }
  }
  if (left_out != nullptr) tell_doubles(doubles, *left_out);
  return kept;
}

std::vector<std::vector<const Record*>> kept_rows(std::span<const Run> runs) {
  std::size_t doubles = 0;
  const std::vector<std::vector<CountedRow>> rows = counted(runs, doubles);
  std::vector<std::vector<const Record*>> kept(runs.size());
  for (std::size_t i = 0; i < runs.size(); ++i) {
    kept[i].reserve(rows[i].size());
    for (std::size_t row = 0; row < rows[i].size(); ++row) {
      if (rows[i][row].counts) kept[i].push_back(&runs[i].records[row]);
    }
  }
  return kept;
}

std::size_t ResultsBuilder::part_of(const Record& record, const DeviceId& device, const Run& run) {
  std::string key = device_key(device, run.environment);
  const auto found = std::find_if(parts_.begin(), parts_.end(), [&](const Part& part) {
    return part.key == key && part.sweep.mode == record.mode && part.sweep.dtype == record.dtype &&
           part.sweep.pattern == record.pattern;
  });
  const auto place = static_cast<std::size_t>(found - parts_.begin());
  if (found == parts_.end()) {
    Part& part = parts_.emplace_back();
    part.device = device;
    part.key = std::move(key);
    part.sweep = {
        .mode = record.mode, .dtype = record.dtype, .pattern = record.pattern, .records = {}};
    // Most files have one sweep. Growing it later would hold its rows twice for a moment.
    if (place == 0) part.sweep.records.reserve(expected_rows_);
  }
  return place;
}

void ResultsBuilder::add(Record record, const Run& run) {
  index_.add(record, run);
  const DeviceId device = counted_device(record, run);
  const std::size_t place = part_of(record, device, run);
  places_.resize(index_.begun());
  facts_.resize(index_.begun());
  facts_.back().add(record);
  places_.back().push_back(static_cast<std::uint32_t>(place));
  if (record.device && *record.device != device) record.device = device;
  parts_[place].sweep.records.push_back(std::move(record));
}

void ResultsBuilder::drop_samples() {
  for (Part& part : parts_) {
    for (Record& record : part.sweep.records) record.samples.reset();
  }
}

void ResultsBuilder::remove_doubles(std::vector<std::size_t>& order,
                                    std::vector<std::vector<bool>>& of_run) {
  struct Cursor {
    std::size_t read = 0;
    std::size_t written = 0;
  };
  std::vector<Cursor> cursors(parts_.size());
  of_run.assign(places_.size(), std::vector<bool>(parts_.size()));
  for (std::size_t run = 0; run < places_.size(); ++run) {
    for (std::size_t row = 0; row < places_[run].size(); ++row) {
      Part& part = parts_[places_[run][row]];
      Cursor& cursor = cursors[places_[run][row]];
      const std::size_t from = cursor.read++;
      if (!index_.counts(run, row)) continue;
      if (cursor.written == 0) order.push_back(places_[run][row]);
      of_run[run][places_[run][row]] = true;
      const std::size_t to = cursor.written++;
      if (to != from) part.sweep.records[to] = std::move(part.sweep.records[from]);
      part.case_names.push_back(index_.case_name(run, row));
    }
    places_[run] = {};
  }
  for (std::size_t i = 0; i < parts_.size(); ++i) {
    std::vector<Record>& records = parts_[i].sweep.records;
    records.erase(records.begin() + static_cast<std::ptrdiff_t>(cursors[i].written), records.end());
  }
}

Results ResultsBuilder::finish(std::span<const Run> runs) {
  index_.finish(runs);
  places_.resize(runs.size());
  facts_.resize(runs.size());
  std::vector<std::size_t> order;         // of parts, by their first rows that count
  std::vector<std::vector<bool>> of_run;  // whether a run has rows of a part
  remove_doubles(order, of_run);
  Results results;
  std::map<std::string, std::size_t> device_places;
  for (const std::size_t place : order) {
    Part& part = parts_[place];
    std::vector<Record>& records = part.sweep.records;
    number_cases(records, part.case_names);
    part.case_names = {};
    const auto earlier = [](const Record& a, const Record& b) {
      return a.case_index < b.case_index;
    };
    // Sorting takes memory for half of them.
    if (!std::is_sorted(records.begin(), records.end(), earlier)) {
      std::stable_sort(records.begin(), records.end(), earlier);
    }
    apply_floors(records);
    const auto [found, is_new] = device_places.try_emplace(part.key, results.devices.size());
    if (is_new) {
      results.devices.push_back({.title = {}, .device = part.device, .runs = {}, .sweeps = {}});
    }
    results.devices[found->second].sweeps.push_back(std::move(part.sweep));
  }
  for (std::size_t run = 0; run < runs.size(); ++run) {
    for (const std::size_t place : order) {
      if (!of_run[run][place]) continue;
      DeviceResults& device = results.devices[device_places.at(parts_[place].key)];
      if (device.runs.empty()) {
        device.title = device_title(parts_[place].device, runs[run].environment);
      }
      if (device.runs.empty() || device.runs.back() != &runs[run]) {
        device.runs.push_back(&runs[run]);
      }
    }
  }
  results.runs = runs;
  results.facts = std::move(facts_);
  results.left_out = index_.of_files();
  return results;
}

Results join(std::span<const Run> runs) {
  ResultsBuilder builder;
  for (const Run& run : runs) {
    builder.begin(run);
    for (const Record& record : run.records) builder.add(record, run);
  }
  return builder.finish(runs);
}

}  // namespace twofour::report
