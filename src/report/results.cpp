#include "report/results.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <functional>
#include <map>
#include <tuple>
#include <unordered_map>
#include <utility>

#include "report/floor.h"

namespace twofour::report {
namespace {

/// The host of a rank; empty for a run that was no part of a job: there, names of hosts tell
/// nothing, because a container has a new one each time.
std::string host_of(const Environment& environment) {
  const auto& details = environment.device.details;
  const auto host = details.find("host");
  return host == details.end() || !details.contains("job") ? std::string() : host->second;
}

/// Whether the cases of a run were split over several devices.
bool is_split(const Environment& environment) {
  const auto found = environment.device.details.find(std::string(kSpreadDetail));
  return found != environment.device.details.end() && found->second.starts_with(kSplitText);
}

/// A UUID tells a device; without one, its name, its place and what is known of its machine do.
std::string device_key(const DeviceId& id, const Environment& environment) {
  if (!id.uuid.empty()) return id.uuid;
  return fmt::format("{}\n{}\n{}\n{}\n{}\n{}\n{}", to_string(id.kind), id.ordinal, id.name,
                     environment.host_cpu, environment.device.architecture,
                     environment.device.threads, host_of(environment));
}

/// What is measured, whatever measures it.
std::string case_key(const Record& r) {
  return fmt::format("{}\n{}\n{}\n{}\n{}\n{}\n{}", to_string(r.mode), info(r.dtype).cli_name,
                     to_string(r.pattern), r.model, r.layer, r.tensor_parallel,
                     mkn(r.problem.shape));
}

/// A sweep may have one problem several times, as cases of their own: the first of a file is the
/// same as the first of another, the second as the second.
class Occurrences {
 public:
  std::string operator()(const std::string& source, const Record& r) {
    const std::string key = case_key(r);
    std::map<int, std::size_t>& cases = cases_[source + "\n" + key];
    const std::size_t number = cases.try_emplace(r.case_index, cases.size()).first->second;
    return fmt::format("{}\n{}", key, number);
  }

 private:
  std::map<std::string, std::map<int, std::size_t>> cases_;  ///< index to number
};

/// A hash of 64 bits: of a million rows two are taken for one with a chance of 3e-8, and as texts
/// they would take as much memory as the rows.
std::size_t row_key(const std::string& case_name, const Record& r, const Run& run) {
  return std::hash<std::string>{}(
      fmt::format("{}\n{}\n{}\n{}\n{}\n{}", device_key(counted_device(r, run), run.environment),
                  case_name, to_string(r.problem), r.provider, r.kernel, to_string(r.cache.mode)));
}

/// Places in `runs`, those that started earlier first.
std::vector<std::size_t> by_start(std::span<const Run> runs) {
  std::vector<std::size_t> order(runs.size());
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    return runs[a].environment.started_unix_s < runs[b].environment.started_unix_s;
  });
  return order;
}

/// A row that counts, and the name of its case.
struct Counting {
  const Record* record = nullptr;
  std::string case_name;
};

/// For each run, its rows that no later one replaces.
std::vector<std::vector<Counting>> counting_rows(std::span<const Run> runs, std::size_t& doubles) {
  Occurrences occurrences;
  std::unordered_map<std::size_t, const Record*> latest;
  std::vector<std::vector<Counting>> rows(runs.size());
  std::vector<std::vector<std::size_t>> keys(runs.size());
  for (const std::size_t i : by_start(runs)) {
    for (const Record& r : runs[i].records) {
      rows[i].push_back({&r, occurrences(runs[i].source, r)});
      keys[i].push_back(row_key(rows[i].back().case_name, r, runs[i]));
      latest[keys[i].back()] = &r;
    }
  }
  doubles = 0;
  for (std::size_t i = 0; i < runs.size(); ++i) {
    std::size_t row = 0;
    doubles += std::erase_if(
        rows[i], [&](const Counting& c) { return latest.at(keys[i][row++]) != c.record; });
  }
  return rows;
}

/// Numbers cases anew where their numbers do not tell them apart or are several for one case, as
/// where sweeps of different sizes were put together.
void number_cases(std::vector<Record>& records, const std::vector<std::string>& names) {
  std::map<int, std::string> name_of;
  std::map<std::string, int> number_of;
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
  std::vector<std::vector<std::string>> case_names;

  /// `device`: as which that of the row counts.
  void add(const Record& r, std::string case_name, const DeviceId& device) {
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
    case_names[i].push_back(std::move(case_name));
  }
};

/// "NVIDIA H200, GPU-8c5f...", "AMD EPYC 9R14, avx512, 8 threads".
std::string device_title(const DeviceId& id, const Environment& environment) {
  std::vector<std::string> parts{id.name.empty() ? std::string(to_string(id.kind)) : id.name,
                                 id.uuid};
  if (id.kind == DeviceKind::kCpu) {
    const int threads = environment.device.threads;
    parts.push_back(environment.device.architecture);
    parts.push_back(fmt::format("{} {}", threads, threads == 1 ? "thread" : "threads"));
    parts.push_back(host_of(environment));
  } else if (id.uuid.empty() && !is_split(environment)) {
    parts.push_back(fmt::format("cuda:{} of {}", id.ordinal, environment.host_cpu));
  }
  if (is_split(environment)) parts.emplace_back("several alike");
  std::erase(parts, "");
  return fmt::format("{}", fmt::join(parts, ", "));
}

void tell_doubles(std::size_t doubles, std::vector<std::string>& told) {
  if (doubles == 0) return;
  told.push_back(fmt::format("{} that {} measured again: the later one counts",
                             doubles == 1 ? "1 row" : fmt::format("{} rows", doubles),
                             doubles == 1 ? "was" : "were"));
}

void tell_of_files(std::span<const Run> runs, std::vector<std::string>& told) {
  std::size_t attempts = 0;
  for (const Run& run : runs) {
    attempts += run.attempts;
    if (run.cut) {
      told.push_back(
          fmt::format("the last line of '{}', which has no end: its run was stopped, "
                      "or is at work",
                      run.source));
    }
  }
  if (attempts > 0) {
    told.push_back(fmt::format("{} of searches that ended the process, which {} no result",
                               attempts == 1 ? "1 attempt" : fmt::format("{} attempts", attempts),
                               attempts == 1 ? "is" : "are"));
  }
}

}  // namespace

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
  const std::vector<std::vector<Counting>> counting = counting_rows(runs, doubles);
  std::vector<Run> kept;
  for (std::size_t i = 0; i < runs.size(); ++i) {
    kept.push_back({.source = runs[i].source,
                    .environment = runs[i].environment,
                    .records = {},
                    .attempts = runs[i].attempts,
                    .cut = runs[i].cut});
    for (const Counting& row : counting[i]) kept.back().records.push_back(*row.record);
  }
  if (left_out != nullptr) tell_doubles(doubles, *left_out);
  return kept;
}

std::vector<std::vector<const Record*>> kept_rows(std::span<const Run> runs) {
  std::size_t doubles = 0;
  std::vector<std::vector<const Record*>> kept;
  for (const std::vector<Counting>& rows : counting_rows(runs, doubles)) {
    std::vector<const Record*>& records = kept.emplace_back();
    records.reserve(rows.size());
    for (const Counting& row : rows) records.push_back(row.record);
  }
  return kept;
}

std::vector<SweepRows> rows_by_sweep(std::span<const Run> runs,
                                     std::vector<std::string>& left_out) {
  std::size_t doubles = 0;
  const std::vector<std::vector<Counting>> counting = counting_rows(runs, doubles);
  std::map<std::string, std::size_t> devices;  // in order of appearance
  std::map<std::tuple<std::size_t, BenchMode, DataType, Sparsity>, std::size_t> places;
  std::vector<std::pair<std::size_t, SweepRows>> found;  // with the device's number
  for (std::size_t i = 0; i < runs.size(); ++i) {
    for (const Counting& row : counting[i]) {
      const Record& r = *row.record;
      const DeviceId id = counted_device(r, runs[i]);
      const Environment& environment = runs[i].environment;
      const std::size_t device =
          devices.try_emplace(device_key(id, environment), devices.size()).first->second;
      const auto [place, is_new] =
          places.try_emplace({device, r.mode, r.dtype, r.pattern}, found.size());
      if (is_new) {
        found.push_back({device,
                         {.title = device_title(id, environment),
                          .mode = r.mode,
                          .dtype = r.dtype,
                          .pattern = r.pattern,
                          .rows = {}}});
      }
      found[place->second].second.rows.push_back(&r);
    }
  }
  std::stable_sort(found.begin(), found.end(),
                   [](const auto& a, const auto& b) { return a.first < b.first; });
  std::vector<SweepRows> sweeps;
  sweeps.reserve(found.size());
  for (auto& [device, sweep] : found) sweeps.push_back(std::move(sweep));
  tell_doubles(doubles, left_out);
  tell_of_files(runs, left_out);
  return sweeps;
}

Results join(std::span<const Run> runs) {
  std::size_t doubles = 0;
  const std::vector<std::vector<Counting>> counting = counting_rows(runs, doubles);
  std::vector<Joined> devices;
  std::map<std::string, std::size_t> place;
  for (std::size_t i = 0; i < runs.size(); ++i) {
    for (const Counting& row : counting[i]) {
      const DeviceId id = counted_device(*row.record, runs[i]);
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
      device.add(*row.record, row.case_name, id);
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
