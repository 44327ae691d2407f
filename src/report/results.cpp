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

/// Sweeps of one device as they are put together, with the name of each row's case.
struct Joined {
  DeviceResults results;
  std::vector<std::vector<std::size_t>> case_names;

  /// `device`: as which that of the row counts.
  void add(const Record& r, std::size_t case_name, const DeviceId& device) {
    std::size_t i = 0;
    while (i < results.sweeps.size() &&
           (results.sweeps[i].mode != r.mode || results.sweeps[i].dtype != r.dtype ||
            results.sweeps[i].pattern != r.pattern)) {
      ++i;
    }
    if (i == results.sweeps.size()) {
      results.sweeps.push_back(
          {.mode = r.mode, .dtype = r.dtype, .pattern = r.pattern, .records = {}});
      case_names.emplace_back();
    }
    results.sweeps[i].records.push_back(r);
    if (r.device && *r.device != device) results.sweeps[i].records.back().device = device;
    case_names[i].push_back(case_name);
  }
};

}  // namespace

bool is_split(const Environment& environment) {
  const auto found = environment.device.details.find(std::string(kSpreadDetail));
  return found != environment.device.details.end() && found->second.starts_with(kSplitText);
}

DeviceId without_part(DeviceId id) {
  id.uuid.clear();
  id.pci_address.clear();
  id.ordinal = 0;
  if (id.kind == DeviceKind::kCpu) id.name = id.name.substr(0, id.name.rfind(" ("));
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

Results join(std::span<const Run> runs) {
  std::size_t doubles = 0;
  const std::vector<std::vector<CountedRow>> rows = counted(runs, doubles);
  std::vector<Joined> devices;
  std::map<std::string, std::size_t> place;
  for (std::size_t i = 0; i < runs.size(); ++i) {
    for (std::size_t row = 0; row < rows[i].size(); ++row) {
      if (!rows[i][row].counts) continue;
      const Record& record = runs[i].records[row];
      const DeviceId id = counted_device(record, runs[i]);
      const Environment& environment = runs[i].environment;
      const auto [found, is_new] = place.try_emplace(device_key(id, environment), devices.size());
      if (is_new) {
        devices.emplace_back().results = {
            .title = device_title(id, environment), .device = id, .runs = {}, .sweeps = {}};
      }
      Joined& device = devices[found->second];
      if (device.results.runs.empty() || device.results.runs.back() != &runs[i]) {
        device.results.runs.push_back(&runs[i]);
      }
      device.add(record, rows[i][row].case_name, id);
    }
  }
  Results results;
  for (Joined& device : devices) {
    for (std::size_t i = 0; i < device.case_names.size(); ++i) {
      std::vector<Record>& records = device.results.sweeps[i].records;
      number_cases(records, device.case_names[i]);
      std::stable_sort(records.begin(), records.end(), [](const Record& a, const Record& b) {
        return a.case_index < b.case_index;
      });
      apply_floors(records);
    }
    results.devices.push_back(std::move(device.results));
  }
  tell_doubles(doubles, results.left_out);
  tell_of_files(runs, results.left_out);
  return results;
}

}  // namespace twofour::report
