#include "compare/match.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <map>
#include <set>
#include <utility>

#include "report/results.h"

namespace twofour::compare {
namespace {

using Runs = std::span<const report::Run>;

DeviceId device_of(const report::Run& run, const Record& record) {
  return record.device.value_or(run.environment.device.id);
}

/// How much of a device's identity rows must share.
struct DeviceKey {
  bool name = false;
  bool uuid = false;

  [[nodiscard]] std::string of(const DeviceId& id) const {
    return fmt::format("{}\n{}", name ? id.name : SharedText(), uuid ? id.uuid : SharedText());
  }
};

std::set<std::string> devices_by(Runs runs, SharedText DeviceId::*part) {
  std::set<std::string> values;
  for (const report::Run& run : runs) {
    for (const Record& record : run.records) {
      values.insert(report::counted_device(record, run).*part);
    }
  }
  return values;
}

/// Devices of one name and several UUIDs are told apart where both sides have the very same ones.
/// Where no name is on both sides rows are matched without, so that what differs can be said.
DeviceKey device_key(Runs before, Runs after, Devices devices) {
  if (devices == Devices::kChosen) return {};
  const std::set<std::string> names = devices_by(before, &DeviceId::name);
  const std::set<std::string> new_names = devices_by(after, &DeviceId::name);
  const std::set<std::string> uuids = devices_by(before, &DeviceId::uuid);
  return {.name = std::any_of(names.begin(), names.end(),
                              [&](const std::string& name) { return new_names.contains(name); }),
          .uuid = uuids == devices_by(after, &DeviceId::uuid)};
}

/// Texts of a file may hold any character but a line break inside a JSON text's name; a prefix of
/// each length keeps keys apart whatever they hold.
std::string part(std::string_view text) { return fmt::format("{}:{}", text.size(), text); }

std::string bare_key(const Record& record, const std::string& device) {
  return part(to_string(record.problem)) + part(to_string(record.pattern)) +
         part(std::to_string(record.experts.value_or(1))) + part(record.kernel) +
         part(to_string(record.cache.mode)) + part(device);
}

std::string names_key(const Record& record) {
  return part(record.model) + part(record.layer) + part(std::to_string(record.tensor_parallel));
}

struct Keyed {
  std::string bare;
  Row row;
};

/// Rows in the order in which they came, found again by a key.
class Table {
 public:
  explicit Table(DeviceKey device_key) : device_key_(device_key) {}

  void add(Runs runs, std::vector<Measurement> Row::*side) {
    for (const report::Run& run : runs) {
      for (const Record& record : run.records) {
        if (is_twin(record)) continue;  // a control is no result
        std::string bare = bare_key(record, device_key_.of(report::counted_device(record, run)));
        const std::string key = bare + names_key(record);
        const auto [found, is_new] = places_.try_emplace(key, rows_.size());
        if (is_new) rows_.push_back({std::move(bare), {}});
        (rows_[found->second].row.*side).push_back({&run.environment, &record});
      }
    }
  }

  /// Rows that one side alone has go together with those of the other side that differ in names
  /// only.
  std::vector<Row> matched() {
    std::map<std::string, Row*> old_only;
    for (Keyed& keyed : rows_) {
      if (!keyed.row.after.empty()) continue;
      const auto [found, is_first] = old_only.try_emplace(keyed.bare, &keyed.row);
      if (!is_first) others_of_[found->second].push_back(&keyed.row);
    }
    for (Keyed& keyed : rows_) {
      const auto found = old_only.find(keyed.bare);
      if (!keyed.row.before.empty() || found == old_only.end()) continue;
      move_all(keyed.row.after, found->second->after);
      for (Row* other : others_of_[found->second]) {
        move_all(other->before, found->second->before);
      }
    }
    std::vector<Row> rows;
    for (Keyed& keyed : rows_) {
      if (!keyed.row.before.empty() || !keyed.row.after.empty()) {
        rows.push_back(std::move(keyed.row));
      }
    }
    return rows;
  }

 private:
  static void move_all(std::vector<Measurement>& from, std::vector<Measurement>& into) {
    std::move(from.begin(), from.end(), std::back_inserter(into));
    from.clear();
  }

  DeviceKey device_key_;
  std::vector<Keyed> rows_;
  std::map<std::string, std::size_t> places_;
  std::map<Row*, std::vector<Row*>> others_of_;
};

/// As --device has it: "cuda:1", and "cpu:node0" or "cpu:0-7" of a part of a CPU, whose name ends
/// with it: "AMD EPYC (node0)", "AMD EPYC (cpu 0-7)".
std::string as_option(const DeviceId& id) {
  const std::string_view name = id.name;
  const std::size_t begin = name.rfind(" (");
  if (id.kind == DeviceKind::kCpu && begin != std::string_view::npos && name.ends_with(')')) {
    constexpr std::string_view kList = "cpu ";
    std::string_view of_machine = name.substr(begin + 2, name.size() - begin - 3);
    const bool is_list = of_machine.starts_with(kList);
    if (is_list) of_machine.remove_prefix(kList.size());
    if (is_list || of_machine.starts_with("node")) return fmt::format("cpu:{}", of_machine);
  }
  return fmt::format("{}:{}", to_string(id.kind), id.ordinal);
}

bool is_called(const DeviceId& id, const std::string& device) {
  const std::string_view kind = to_string(id.kind);
  return device == id.name || device == kind || device == as_option(id) ||
         (!id.uuid.empty() &&
          (device == id.uuid || device == fmt::format("{}:{}", kind, id.uuid))) ||
         (!id.pci_address.empty() && device == id.pci_address);
}

}  // namespace

std::vector<Row> match(Runs before, Runs after, Devices devices) {
  Table table(device_key(before, after, devices));
  table.add(before, &Row::before);
  table.add(after, &Row::after);
  return table.matched();
}

std::vector<report::Run> of_device(Runs runs, const std::string& device) {
  std::vector<report::Run> chosen;
  for (const report::Run& run : runs) {
    report::Run part{.source = run.source, .environment = run.environment, .cut = run.cut};
    std::copy_if(run.records.begin(), run.records.end(), std::back_inserter(part.records),
                 [&](const Record& record) { return is_called(device_of(run, record), device); });
    if (!part.records.empty()) chosen.push_back(std::move(part));
  }
  return chosen;
}

std::vector<std::string> device_names(Runs runs) {
  std::vector<std::string> names;
  for (const report::Run& run : runs) {
    for (const Record& record : run.records) {
      const DeviceId id = device_of(run, record);
      std::string name =
          fmt::format("{} ({}{}{})", as_option(id), id.name, id.uuid.empty() ? "" : ", ", id.uuid);
      if (std::find(names.begin(), names.end(), name) == names.end()) {
        names.push_back(std::move(name));
      }
    }
  }
  return names;
}

}  // namespace twofour::compare
