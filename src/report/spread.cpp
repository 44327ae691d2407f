#include "report/spread.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cstddef>
#include <limits>
#include <map>
#include <utility>

#include "core/median.h"
#include "report/columns.h"
#include "report/numbers.h"
#include "report/overview.h"
#include "report/problems.h"

namespace twofour::report {
namespace {

/// One problem on one device. Seconds.
struct Measured {
  std::size_t device = 0;  ///< its place in Results
  const Record* row = nullptr;
  [[nodiscard]] double time() const { return row->summary->median_s; }
};

struct Compared {
  Record named;  ///< any of its rows, for its name
  std::vector<Measured> by_device;
};

/// The kind and the name without what tells parts of one machine apart: "AMD EPYC (node0)".
std::string kind_of(const DeviceId& id) {
  return fmt::format("{} {}", to_string(id.kind),
                     id.name.view().substr(0, id.name.view().rfind(" (")));
}

/// Problems in order of appearance, with their times on the devices of `places`.
std::vector<Compared> compared_on(const Results& results, const std::vector<std::size_t>& places) {
  std::vector<Compared> found;
  std::map<std::string, std::size_t> place_of;
  for (const std::size_t device : places) {
    for (const Sweep& sweep : results.devices[device].sweeps) {
      for (const Problem& problem : problems(sweep.records)) {
        if (problem.sparse == nullptr || !problem.sparse->summary) continue;
        const auto [place, is_new] = place_of.try_emplace(shared_key(problem), found.size());
        if (is_new) found.push_back({*problem.sparse, {}});
        std::vector<Measured>& rows = found[place->second].by_device;
        // A shape that is measured several times in one sweep counts once: its last.
        if (!rows.empty() && rows.back().device == device) rows.pop_back();
        rows.push_back({device, problem.sparse});
      }
    }
  }
  std::erase_if(found, [](const Compared& one) { return one.by_device.size() < 2; });
  return found;
}

double median_of(const std::vector<Measured>& rows, double (*value)(const Measured&)) {
  std::vector<double> values;
  values.reserve(rows.size());
  for (const Measured& row : rows) values.push_back(value(row));
  return median(values);
}

/// Time over the median of the devices. The interval holds where both are anywhere in theirs; it is
/// not known where one of theirs is not.
Ratio over_median(const Measured& row, const std::vector<Measured>& rows) {
  constexpr double kUnknown = std::numeric_limits<double>::quiet_NaN();
  const double value = row.time() / median_of(rows, [](const Measured& m) { return m.time(); });
  const bool known = std::all_of(rows.begin(), rows.end(), [](const Measured& m) {
    return is_known(m.row->summary->median_interval_s);
  });
  if (!known) return {.value = value, .interval = {kUnknown, kUnknown}};
  const Interval& own = row.row->summary->median_interval_s;
  const double low =
      median_of(rows, [](const Measured& m) { return m.row->summary->median_interval_s.low; });
  const double high =
      median_of(rows, [](const Measured& m) { return m.row->summary->median_interval_s.high; });
  return {.value = value, .interval = {own.low / high, own.high / low}};
}

bool is_straggler(const Ratio& ratio) { return ratio.interval.low > kStraggler; }

std::string ratio_text(const Ratio& ratio) {
  if (!is_known(ratio.interval)) return fmt::format("{:.3f}", ratio.value);
  return fmt::format("{:.3f} [{:.3f}, {:.3f}]", ratio.value, ratio.interval.low,
                     ratio.interval.high);
}

/// "WIN", or "3 WIN, 1 TIE" where they differ.
std::string verdicts_of(const std::vector<Measured>& rows, bool& differ) {
  std::map<std::string, int> counts;
  for (const Measured& row : rows) ++counts[verdict_text(*row.row)];
  differ = counts.size() > 1;
  if (!differ) return counts.begin()->first;
  std::vector<std::string> parts;
  parts.reserve(counts.size());
  for (const auto& [verdict, count] : counts) {
    parts.push_back(fmt::format("{} {}", count, verdict.empty() ? "without" : verdict));
  }
  return fmt::format("{}", fmt::join(parts, ", "));
}

Spread spread_of(const Results& results, const std::vector<std::size_t>& places,
                 const std::vector<Compared>& compared) {
  Spread spread;
  const std::string kind = kind_of(results.devices[places.front()].device);
  spread.title = fmt::format("Spread over {} devices, {}: best 2:4 kernel, time over the median",
                             places.size(), kind.substr(kind.find(' ') + 1));
  spread.grid.headings = {{.text = "MxKxN", .cut = true},
                          {.text = "devices", .align = Align::kRight, .drop = 1},
                          {.text = "median, us", .align = Align::kRight},
                          {.text = "fastest"},
                          {.text = "slowest"},
                          {.text = "verdicts"}};
  std::size_t differing = 0;
  std::map<std::size_t, int> straggles;
  const auto text = [&](const Measured& row, const std::vector<Measured>& rows) {
    const Ratio ratio = over_median(row, rows);
    return fmt::format("{} {}{}", device_name(results, row.device), ratio_text(ratio),
                       is_straggler(ratio) ? " STRAGGLER" : "");
  };
  for (const Compared& one : compared) {
    const auto [fastest, slowest] = std::minmax_element(
        one.by_device.begin(), one.by_device.end(),
        [](const Measured& a, const Measured& b) { return a.time() < b.time(); });
    for (const Measured& row : one.by_device) {
      if (is_straggler(over_median(row, one.by_device))) ++straggles[row.device];
    }
    bool differ = false;
    const double middle = median_of(one.by_device, [](const Measured& m) { return m.time(); });
    const bool hot = one.named.cache.mode == CacheMode::kHot;
    const std::string name = fmt::format("{} {}", info(one.named.dtype).cli_name,
                                         problem_name(one.named, {.bias = true, .cache = hot}));
    spread.grid.rows.push_back(
        {.cells = {name, std::to_string(one.by_device.size()), short_number(middle * 1e6),
                   text(*fastest, one.by_device), text(*slowest, one.by_device),
                   verdicts_of(one.by_device, differ)}});
    if (differ) ++differing;
  }
  spread.told.push_back(fmt::format("Verdicts differ between devices in {} of {} problems.",
                                    differing, compared.size()));
  for (const auto& [device, count] : straggles) {
    spread.told.push_back(fmt::format(
        "{} is a straggler in {} of {} problems: its time is {:.0f} % above the median of the "
        "devices or more, by its interval.",
        device_name(results, device), count, compared.size(), 100 * (kStraggler - 1)));
  }
  return spread;
}

}  // namespace

std::vector<Spread> spreads(const Results& results) {
  std::vector<std::string> order;
  std::map<std::string, std::vector<std::size_t>> places_of;
  for (std::size_t i = 0; i < results.devices.size(); ++i) {
    const std::string kind = kind_of(results.devices[i].device);
    std::vector<std::size_t>& places = places_of[kind];
    if (places.empty()) order.push_back(kind);
    places.push_back(i);
  }
  std::vector<Spread> found;
  for (const std::string& kind : order) {
    const std::vector<std::size_t>& places = places_of[kind];
    if (places.size() < 2) continue;
    const std::vector<Compared> compared = compared_on(results, places);
    if (!compared.empty()) found.push_back(spread_of(results, places, compared));
  }
  return found;
}

}  // namespace twofour::report
