#include "report/overview.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <set>
#include <utility>

#include "report/columns.h"
#include "report/numbers.h"
#include "report/pattern_text.h"
#include "report/problems.h"

namespace twofour::report {
namespace {

/// What stands beside an overview: title, headings, counts, legend, answer, prompt.
constexpr std::size_t kOtherLines = 14;
constexpr std::size_t kFewestLines = 6;
constexpr std::size_t kLabelWidth = 24;
constexpr std::size_t kCellWidth = 9;

using Compared = std::vector<const Record*>;

std::string mark_of(const Compared& rows) {
  const auto all = [&](Verdict verdict) {
    return std::all_of(rows.begin(), rows.end(),
                       [&](const Record* r) { return r->vs_dense->verdict == verdict; });
  };
  if (all(Verdict::kWin)) return ">";
  if (all(Verdict::kLoss)) return "<";
  if (all(Verdict::kTie)) return "=";
  return all(Verdict::kInconclusive) ? "?" : "~";
}

Tone tone_of_mark(const std::string& mark) {
  if (mark == ">") return Tone::kGood;
  return mark == "<" ? Tone::kBad : Tone::kNone;
}

/// What one cell is made of.
struct Cell {
  bool asked = false;  ///< there are problems, with a ratio or without
  Compared rows;

  void add(const Problem& problem) {
    asked = true;
    if (problem.sparse != nullptr && problem.sparse->vs_dense &&
        std::isfinite(problem.sparse->vs_dense->value) && problem.sparse->vs_dense->value > 0) {
      rows.push_back(problem.sparse);
    }
  }
  void append_to(Grid::Row& row) const {
    std::string text = asked ? "none" : "";
    Tone tone = Tone::kNone;
    if (!rows.empty()) {
      double logs = 0;
      for (const Record* r : rows) logs += std::log(r->vs_dense->value);
      const std::string mark = mark_of(rows);
      tone = tone_of_mark(mark);
      text = fmt::format("{}{:.2f}x", mark, std::exp(logs / static_cast<double>(rows.size())));
    }
    row.cells.push_back(std::move(text));
    row.tones.push_back(tone);
  }
};

/// The rows of an overview in order of appearance; a group is a model and a TP size.
struct Table {
  struct Line {
    std::string group;
    std::string label;
    std::map<std::int64_t, Cell> by_m;
  };
  std::vector<Line> lines;
  std::map<std::pair<std::string, std::string>, std::size_t> places;  ///< of group and label
  std::set<std::int64_t> ms;

  void add(const Problem& problem, std::string group, std::string label, std::int64_t m) {
    const auto [place, is_new] = places.try_emplace({group, label}, lines.size());
    if (is_new) lines.push_back({std::move(group), std::move(label), {}});
    lines[place->second].by_m[m].add(problem);
    ms.insert(m);
  }
  [[nodiscard]] std::size_t cells() const {
    std::size_t count = 0;
    for (const Line& line : lines) count += line.by_m.size();
    return count;
  }
};

/// At most `most` of `count` places at even distances, the first and the last among them.
std::vector<std::size_t> even_places(std::size_t count, std::size_t most) {
  std::vector<std::size_t> places;
  const std::size_t taken = std::min(count, std::max<std::size_t>(most, 1));
  places.reserve(taken);
  for (std::size_t i = 0; i < taken; ++i) {
    places.push_back(taken == 1 ? 0 : i * (count - 1) / (taken - 1));
  }
  return places;
}

std::string group_of(const Record& r) {
  return r.model.empty() ? std::string() : fmt::format("{}, TP {}", r.model, r.tensor_parallel);
}

std::string layer_of(const Record& r) {
  const std::string kn = fmt::format("{}x{}", r.problem.shape.k, r.problem.shape.n);
  return r.layer.empty() ? "KxN = " + kn : r.layer + " " + kn;
}

Table table_of(const std::vector<Problem>& problems, CacheMode mode) {
  Table by_layer;
  Table by_shape;
  for (const Problem& problem : problems) {
    const Record& r = problem.any();
    if (r.cache.mode != mode) continue;
    by_layer.add(problem, group_of(r), layer_of(r), r.problem.shape.m);
    by_shape.add(problem, group_of(r), problem_name(r, {}), 0);
  }
  // Of a sweep that changes K or N with M, a table by M is nearly empty.
  const std::size_t places = by_layer.lines.size() * by_layer.ms.size();
  return places > 2 * by_layer.cells() ? by_shape : by_layer;
}

Overview overview_of(const Table& table, const Display& display, Sparsity pattern) {
  const std::string versus = of_pattern("2:4 vs dense", pattern);
  const std::vector<std::int64_t> ms(table.ms.begin(), table.ms.end());
  const bool by_m = table.ms != std::set<std::int64_t>{0};
  const std::size_t most_columns =
      display.width == 0 ? ms.size()
                         : (std::max(display.width, kLabelWidth) - kLabelWidth) / kCellWidth;
  const std::size_t most_lines =
      display.height == 0
          ? table.lines.size()
          : std::max(kFewestLines, display.height - std::min(display.height, kOtherLines));
  const auto columns = even_places(ms.size(), most_columns);
  const auto lines = even_places(table.lines.size(), most_lines);
  Overview overview;
  Grid& grid = overview.grid;
  grid.headings = {{.text = by_m ? versus : "MxKxN", .cut = true}};
  for (const std::size_t column : columns) {
    grid.headings.push_back({.text = by_m ? fmt::format("M={}", ms[column]) : versus,
                             .align = Align::kRight,
                             .toned = true});
  }
  std::string group;
  for (const std::size_t place : lines) {
    const Table::Line& line = table.lines[place];
    if (line.group != group)
      grid.rows.push_back({.section = line.group, .section_in_markdown = true});
    group = line.group;
    Grid::Row row{.cells = {line.label}, .tones = {Tone::kNone}};
    for (const std::size_t column : columns) {
      const auto cell = line.by_m.find(ms[column]);
      (cell == line.by_m.end() ? Cell{} : cell->second).append_to(row);
    }
    grid.rows.push_back(std::move(row));
  }
  if (lines.size() < table.lines.size() || columns.size() < ms.size()) {
    overview.remark = fmt::format("{} of {} rows and {} of {} columns, as many as fit",
                                  lines.size(), table.lines.size(), columns.size(), ms.size());
  }
  return overview;
}

std::string device_cell(const Problem* problem) {
  if (problem == nullptr) return {};
  if (const Record* r = problem->sparse; r != nullptr && r->summary) {
    const std::string us = short_number(r->summary->median_s * 1e6) + " us";
    if (!r->vs_dense) return us;
    return fmt::format("{}, {} {}", us, times(r->vs_dense->value), verdict_text(*r));
  }
  if (problem->dense == nullptr) return "none";
  return fmt::format("dense {} us", short_number(problem->dense->summary->median_s * 1e6));
}

}  // namespace

std::vector<Overview> overviews(const Sweep& sweep, const Display& display) {
  const std::vector<Problem> all = problems(sweep.records);
  std::vector<Overview> found;
  for (const CacheMode mode : {CacheMode::kCold, CacheMode::kHot}) {
    const Table table = table_of(all, mode);
    if (table.lines.empty()) continue;
    Overview overview = overview_of(table, display, sweep.pattern);
    overview.title =
        fmt::format("Summary {}{} {}, weights {}", info(sweep.dtype).torch_name,
                    pattern_mark(sweep.pattern), to_string(sweep.mode), to_string(mode));
    found.push_back(std::move(overview));
  }
  return found;
}

std::string overview_legend() {
  return "> 2:4 is faster, < dense is faster, = no difference, ? not clear, ~ differs with bias, "
         "scales or the type of D.";
}

std::string device_name(const Results& results, std::size_t i) {
  const DeviceId& id = results.devices[i].device;
  return fmt::format("#{} {}", i + 1, id.name.empty() ? to_string(id.kind) : id.name.view());
}

std::vector<Grid> side_by_side(const Results& results, std::size_t most) {
  std::vector<std::string> order;
  std::map<std::string, std::vector<Problem>> by_key;
  std::map<std::string, std::map<std::size_t, std::size_t>> place;  // device to index in by_key
  for (std::size_t device = 0; device < results.devices.size(); ++device) {
    for (const Sweep& sweep : results.devices[device].sweeps) {
      for (Problem& problem : problems(sweep.records)) {
        const std::string key = shared_key(problem);
        if (!by_key.contains(key)) order.push_back(key);
        // A shape that is measured several times in one sweep is shown once: its last.
        place[key][device] = by_key[key].size();
        by_key[key].push_back(std::move(problem));
      }
    }
  }
  std::erase_if(order, [&](const std::string& key) { return place[key].size() < 2; });
  std::vector<Grid> grids;
  if (order.empty()) return grids;
  std::vector<Problem> shown;
  shown.reserve(order.size());
  for (const std::string& key : order) shown.push_back(by_key[key].front());
  const Variety variety = variety_of(shown);
  for (std::size_t first = 0; first < results.devices.size(); first += most) {
    const std::size_t end = std::min(first + most, results.devices.size());
    Grid& grid = grids.emplace_back();
    grid.headings = {{.text = "MxKxN", .cut = true}};
    for (std::size_t i = first; i < end; ++i) grid.headings.push_back({device_name(results, i)});
    std::string group;
    for (std::size_t i = 0; i < order.size(); ++i) {
      const Record& r = shown[i].any();
      const std::string now = fmt::format("{} {}", info(r.dtype).cli_name, group_of(r));
      if (now != group) grid.rows.push_back({.section = now, .section_in_markdown = true});
      group = now;
      Grid::Row row{.cells = {problem_name(r, variety)}};
      for (std::size_t device = first; device < end; ++device) {
        const auto at = place[order[i]].find(device);
        row.cells.push_back(
            device_cell(at == place[order[i]].end() ? nullptr : &by_key[order[i]][at->second]));
      }
      grid.rows.push_back(std::move(row));
    }
  }
  return grids;
}

}  // namespace twofour::report
