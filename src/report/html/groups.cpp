#include "report/html/groups.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <optional>
#include <set>
#include <tuple>
#include <utility>

#include "report/html/escape.h"
#include "report/html/svg.h"

namespace twofour::report::html {
namespace {

/// The name where no other device has it, else what tells the two apart.
std::string name_of(const DeviceResults& device, const Results& results) {
  const std::string& name = device.device.name;
  const auto same =
      std::count_if(results.devices.begin(), results.devices.end(),
                    [&](const DeviceResults& other) { return other.device.name == name; });
  return same > 1 || name.empty() ? device.title : name;
}

/// A run tells the ceilings of one device.
Roofs roofs_of(const DeviceResults& device) {
  Roofs roofs;
  const auto raise = [](double& value, double other) {
    if (std::isfinite(other)) value = std::max(value, other);
  };
  const auto raise_read = [&](const std::optional<double>& other) {
    if (other && std::isfinite(*other))
      roofs.read_bytes_per_s = std::max(roofs.read_bytes_per_s, other);
  };
  for (const Run* run : device.runs) {
    const DeviceId& measured = run->environment.device.id;
    if (measured.uuid != device.device.uuid || measured.ordinal != device.device.ordinal ||
        measured.kind != device.device.kind) {
      continue;
    }
    const Roofs& of_run = run->environment.roofs;
    for (const auto& [type, rate] : of_run.multiply_adds_per_s) {
      raise(roofs.multiply_adds_per_s[type], rate);
    }
    for (const auto& [type, rate] : of_run.sparse_multiply_adds_per_s) {
      raise(roofs.sparse_multiply_adds_per_s[type], rate);
    }
    raise_read(of_run.read_bytes_per_s);
  }
  for (const Sweep& sweep : device.sweeps) {
    for (const Record& r : sweep.records) {
      raise_read(r.read_roof_bytes_per_s);
    }
  }
  return roofs;
}

/// What tells panels of a group apart.
struct Key {
  BenchMode mode;
  std::string model;
  int tensor_parallel;
  std::string layer;
  std::int64_t k, n;  ///< 0 in a sweep, which is one panel
  DataType a, d;
  std::string scales;
  Sparsity pattern;
  bool operator<(const Key& other) const { return values() < other.values(); }

 private:
  [[nodiscard]] std::tuple<BenchMode, std::string, int, std::string, std::int64_t, std::int64_t,
                           DataType, DataType, std::string, Sparsity>
  values() const {
    return {mode, model, tensor_parallel, layer, k, n, a, d, scales, pattern};
  }
};

Key key_of(const Record& r, bool by_shape) {
  const GemmProblem& p = r.problem;
  return {r.mode,
          r.model,
          r.tensor_parallel,
          r.layer,
          by_shape ? p.shape.k : 0,
          by_shape ? p.shape.n : 0,
          p.a,
          p.d,
          std::string(to_string(p.scales)),
          r.pattern};
}

struct Dimension {
  std::string_view name;
  std::int64_t GemmShape::*member;
};
constexpr std::array kDimensions{Dimension{"M", &GemmShape::m}, Dimension{"K", &GemmShape::k},
                                 Dimension{"N", &GemmShape::n}};

/// The dimensions that a sweep sweeps, all of them alike; nothing where they are not alike.
std::optional<std::vector<Dimension>> swept(const std::vector<const Record*>& records) {
  std::vector<Dimension> moving;
  for (const Dimension& dimension : kDimensions) {
    const auto value = [&](const Record* r) { return r->problem.shape.*dimension.member; };
    if (std::any_of(records.begin(), records.end(),
                    [&](const Record* r) { return value(r) != value(records.front()); })) {
      moving.push_back(dimension);
    }
  }
  if (moving.empty()) moving.push_back(kDimensions.front());
  const bool alike = std::all_of(records.begin(), records.end(), [&](const Record* r) {
    return std::all_of(moving.begin(), moving.end(), [&](const Dimension& dimension) {
      return r->problem.shape.*dimension.member == r->problem.shape.*moving.front().member;
    });
  });
  return alike ? std::optional(moving) : std::nullopt;
}

std::string types_of(const Record& r) {
  return fmt::format("{} \xE2\x86\x92 {}", info(r.problem.a).cli_name, info(r.problem.d).cli_name);
}

/// Fixed and swept dimensions: the title of a sweep's panel.
std::string title_of_sweep(const std::vector<Dimension>& moving, const GemmShape& shape,
                           std::string& x_title) {
  std::string fixed;
  x_title.clear();
  for (const Dimension& dimension : kDimensions) {
    const bool moves = std::any_of(moving.begin(), moving.end(), [&](const Dimension& one) {
      return one.name == dimension.name;
    });
    std::string& text = moves ? x_title : fixed;
    if (!text.empty()) text += moves ? " = " : ", ";
    text += dimension.name;
    if (!moves) text += fmt::format(" = {}", shape.*dimension.member);
  }
  return fixed.empty() ? x_title : fixed;
}

void describe(Panel& panel, const Record& r, const std::optional<std::vector<Dimension>>& sweep,
              bool several_groups) {
  std::vector<std::string> words;
  std::string title;
  if (r.mode == BenchMode::kModel) {
    title = fmt::format("{} \xC2\xB7 {}", r.layer, short_model(r.model));
    if (r.tensor_parallel != 1) words.push_back(fmt::format("TP {}", r.tensor_parallel));
  }
  const std::string shape = fmt::format("{} \xC3\x97 {}", r.problem.shape.k, r.problem.shape.n);
  panel.x_title = "M";
  if (r.mode == BenchMode::kModel) {
    words.push_back(shape);
  } else if (sweep) {
    title = title_of_sweep(*sweep, r.problem.shape, panel.x_title);
    panel.x = sweep->front().member;
  } else {
    title = "K \xC3\x97 N = " + shape;
  }
  words.push_back(types_of(r));
  if (r.problem.scales != ScaleScheme{}) {
    words.push_back(fmt::format("scales: {}", to_string(r.problem.scales)));
  }
  if (panel.cache == CacheMode::kHot) words.emplace_back("hot");
  if (r.pattern != Sparsity::kTwoFour) words.emplace_back(to_string(r.pattern));
  if (r.experts) words.emplace_back("all experts in a launch");
  if (several_groups) words.push_back(panel.group->name);
  panel.title = name(title, 40);
  panel.label = title;
  for (const std::string& word : words) {
    if (!panel.subtitle.empty()) panel.subtitle += " \xC2\xB7 ";
    panel.subtitle += name(word, 48);
    panel.label += ", " + word;
  }
}

/// Panels of a group, with their keys, which put the panels of all groups in order.
using Keyed = std::vector<std::pair<Key, Panel>>;

void append_panels(Keyed& all, const Group& group, bool several_groups) {
  std::map<Key, std::vector<const Record*>> sweeps;
  const auto has_panel = [](const Record& r) { return is_measured(r) && r.problem.a == r.dtype; };
  for (const Row& row : group.rows) {
    if (!has_panel(*row.record) || row.record->mode == BenchMode::kModel) continue;
    sweeps[key_of(*row.record, false)].push_back(row.record);
  }
  std::map<Key, std::optional<std::vector<Dimension>>> dimensions;
  for (const auto& [key, records] : sweeps) dimensions[key] = swept(records);

  std::map<Key, std::size_t> place;
  for (const Row& row : group.rows) {
    const Record& r = *row.record;
    if (!has_panel(r)) continue;
    const Key sweep = key_of(r, false);
    const bool by_shape = r.mode == BenchMode::kModel || !dimensions[sweep];
    const Key key = key_of(r, by_shape);
    const auto [found, is_new] = place.try_emplace(key, all.size());
    if (is_new) all.push_back({key, Panel{.group = &group}});
    all[found->second].second.rows.push_back(row);
  }
  for (const auto& [key, at] : place) {
    Panel& panel = all[at].second;
    const bool any_cold = std::any_of(panel.rows.begin(), panel.rows.end(),
                                      [](const Row& row) { return !is_hot(*row.record); });
    panel.cache = any_cold ? CacheMode::kCold : CacheMode::kHot;
    const Record& r = *panel.rows.front().record;
    const auto sweep = dimensions.find(key_of(r, false));
    describe(panel, r, sweep == dimensions.end() ? std::nullopt : sweep->second, several_groups);
  }
}

/// "cuda", "cpu + bias", "pytorch fast_accum": the library, and what stands behind the operation.
std::string label_of(const Record& r) {
  const std::string_view kernel = without_bias(r.kernel);
  std::string label = r.provider;
  for (const std::string_view operation : {"sparse_mm", "scaled_mm", "no-scales"}) {
    const std::size_t at = kernel.find(operation);
    if (at == std::string_view::npos) continue;
    std::string_view rest = kernel.substr(at + operation.size());
    if (rest.starts_with('_')) rest.remove_prefix(1);
    if (!rest.empty()) label += fmt::format(" {}", rest);
    break;
  }
  return r.problem.bias ? label + " + bias" : label;
}

}  // namespace

bool is_sparse(const Record& record) { return is_sparse(record.problem.sparsity); }

bool is_hot(const Record& record) { return record.cache.mode == CacheMode::kHot; }

bool is_measured(const Record& record) {
  return record.outcome.measured() && !is_twin(record) && record.summary &&
         std::isfinite(record.summary->median_s) && record.summary->median_s > 0;
}

bool is_compared(const Record& record) {
  return is_sparse(record) && record.vs_dense && std::isfinite(record.vs_dense->value) &&
         record.vs_dense->value > 0;
}

std::vector<Group> groups_of(const Results& results, std::size_t most_rows) {
  std::size_t all = 0;
  for (const DeviceResults& device : results.devices) {
    for (const Sweep& sweep : device.sweeps) all += sweep.records.size();
  }
  const std::size_t step =
      most_rows == 0 ? 1 : std::max<std::size_t>(1, (all + most_rows - 1) / most_rows);
  std::vector<Group> groups;
  std::size_t index = 0;
  for (const DeviceResults& device : results.devices) {
    Group group{
        .device = &device, .name = name_of(device, results), .rows = {}, .roofs = roofs_of(device)};
    for (const Sweep& sweep : device.sweeps) {
      std::size_t cases = 0;  // whole cases, since their rows are compared with one another
      for (std::size_t i = 0; i < sweep.records.size(); ++i) {
        const Record& record = sweep.records[i];
        if (i > 0 && sweep.records[i - 1].case_index != record.case_index) ++cases;
        if (cases % step == 0) group.rows.push_back({&record, index++});
      }
      group.all_rows += sweep.records.size();
    }
    const bool taken = std::any_of(groups.begin(), groups.end(),
                                   [&](const Group& other) { return other.name == group.name; });
    if (taken) group.name += fmt::format(" ({})", groups.size() + 1);
    groups.push_back(std::move(group));
  }
  return groups;
}

std::string note_of_some(std::span<const Group> groups) {
  std::size_t shown = 0;
  std::size_t all = 0;
  for (const Group& group : groups) {
    shown += group.rows.size();
    all += group.all_rows;
  }
  if (shown == all) return {};
  return fmt::format(
      "Pictures and the table have {} of {} rows: those of cases at even distances. The answers "
      "are "
      "of all rows, which 'twofour report --format csv' has.",
      shown, all);
}

Styles::Styles(std::span<const Group> groups) {
  for (const bool sparse : {true, false}) {
    for (const Group& group : groups) {
      for (const Row& row : group.rows) {
        const std::string& provider = row.record->provider;
        if (is_sparse(*row.record) == sparse &&
            std::find(providers_.begin(), providers_.end(), provider) == providers_.end()) {
          providers_.push_back(provider);
        }
      }
    }
  }
}

int Styles::of(const Record& record) const {
  const auto found = std::find(providers_.begin(), providers_.end(), record.provider);
  return static_cast<int>(found - providers_.begin()) % kStyles;
}

std::vector<Panel> panels_of(std::span<const Group> groups) {
  Keyed keyed;
  for (const Group& group : groups) append_panels(keyed, group, groups.size() > 1);
  // Panels of the same layer on several devices stand beside one another, where it came first.
  std::map<Key, std::size_t> first;
  for (const auto& [key, panel] : keyed) {
    Key without_types = key;
    without_types.a = without_types.d = DataType::kInt8;
    first.try_emplace(without_types, first.size());
  }
  std::stable_sort(keyed.begin(), keyed.end(), [&](const auto& a, const auto& b) {
    const auto place = [&](Key key) {
      key.a = key.d = DataType::kInt8;
      return first[key];
    };
    return place(a.first) < place(b.first);
  });
  std::vector<Panel> panels;
  panels.reserve(keyed.size());
  for (auto& [key, panel] : keyed) panels.push_back(std::move(panel));
  return panels;
}

double x_of(const Panel& panel, const Record& record) {
  return static_cast<double>(record.problem.shape.*panel.x);
}

std::vector<double> xs_of(const Panel& panel) {
  std::set<double> xs;
  for (const Row& row : panel.rows) xs.insert(x_of(panel, *row.record));
  return {xs.begin(), xs.end()};
}

std::vector<Series> series_of(const Panel& panel, bool (*holds)(const Record&)) {
  std::vector<Series> all;
  for (const Row& row : panel.rows) {
    const Record& r = *row.record;
    if (r.cache.mode != panel.cache || !holds(r)) continue;
    auto found = std::find_if(all.begin(), all.end(),
                              [&](const Series& series) { return series.kernel == r.kernel; });
    if (found == all.end()) found = all.insert(all.end(), {r.kernel, label_of(r), {}});
    found->rows.push_back(row);
  }
  for (Series& series : all) {
    std::stable_sort(series.rows.begin(), series.rows.end(), [&](const Row& a, const Row& b) {
      return x_of(panel, *a.record) < x_of(panel, *b.record);
    });
  }
  return all;
}

std::vector<Row> fastest(const Panel& panel, bool (*holds)(const Record&)) {
  std::map<double, Row> best;
  for (const Row& row : panel.rows) {
    const Record& r = *row.record;
    if (r.cache.mode != panel.cache || !holds(r)) continue;
    Row& slot = best.try_emplace(x_of(panel, r), row).first->second;
    if (r.summary->median_s < slot.record->summary->median_s) slot = row;
  }
  std::vector<Row> rows;
  rows.reserve(best.size());
  for (const auto& [x, row] : best) rows.push_back(row);
  return rows;
}

std::string note_of_more(std::size_t shown, std::size_t all, std::string_view what) {
  if (shown >= all) return {};
  return fmt::format("<p class=\"note\">The first {} of {} {}; the table has all.</p>\n", shown,
                     all, what);
}

}  // namespace twofour::report::html
