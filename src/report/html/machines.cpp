// What it ran on, and how to measure it again.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <set>
#include <utility>

#include "report/html/data_table.h"
#include "report/html/escape.h"
#include "report/html/sections.h"
#include "report/html/svg.h"
#include "report/machine.h"
#include "report/numbers.h"

namespace twofour::report::html {
namespace {

using Cells = std::vector<std::string>;

constexpr std::size_t kLongest = 600;  // characters of a text in a cell

std::string text(std::string_view value) { return name(value, kLongest); }

std::string bytes(std::size_t value) {
  const auto number = static_cast<double>(value);
  if (value == 0) return {};
  if (number >= 1 << 30) return fmt::format("{} GiB", short_number(number / (1 << 30)));
  return fmt::format("{} MiB", short_number(number / (1 << 20)));
}

std::string rates(const std::map<DataType, double>& per_second) {
  std::string list;
  for (const auto& [type, rate] : per_second) {
    if (!std::isfinite(rate) || rate <= 0) continue;
    list += fmt::format("{}{} {} TFLOP/s", list.empty() ? "" : ", ", info(type).cli_name,
                        short_number(2 * rate / 1e12));
  }
  return list;
}

/// "1200 to 1980 MHz" of the rows that tell; empty where none does.
template <class Value>
std::string span_of(std::span<const Record> records, Value value, std::string_view unit) {
  Range range(false);
  for (const Record& r : records) {
    if (const std::optional<double> one = value(r)) range.add(*one);
  }
  if (range.empty()) return {};
  if (range.low() == range.high()) return fmt::format("{} {}", short_number(range.low()), unit);
  return fmt::format("{} to {} {}", short_number(range.low()), short_number(range.high()), unit);
}

std::string throttling(std::span<const Record> records) {
  std::map<std::string, std::size_t> reasons;
  bool any_throttling = false;
  for (const Record& r : records) {
    any_throttling = any_throttling || r.clocks.throttle_reasons.has_value();
    const std::string told = r.clocks.throttle_reasons.value_or("");
    if (!told.empty()) ++reasons[told];
  }
  if (reasons.empty()) return any_throttling ? "none" : "not readable";
  std::string list;
  for (const auto& [reason, count] : reasons) {
    list += fmt::format("{}{} ({} of {} rows)", list.empty() ? "" : "; ", reason, count,
                        records.size());
  }
  return list;
}

void add(std::vector<Cells>& rows, std::string_view what, std::string_view value) {
  if (!value.empty()) rows.push_back({escape(what), text(value)});
}

void add_program(std::vector<Cells>& rows, const Environment& e) {
  add(rows, "started", e.started_utc);
  add(rows, "twofour",
      fmt::format("{}, commit {}, {} build, {}", e.twofour_version, e.git_commit, e.build_type,
                  e.compiler));
  std::vector<std::string> libraries;
  libraries.reserve(e.libraries.size());
  for (const auto& [library, version] : e.libraries) libraries.push_back(library + " " + version);
  add(rows, "libraries", fmt::format("{}", fmt::join(libraries, ", ")));
  add(rows, "operands", fmt::format("{}, seed {}", e.operand_distribution, e.seed));
}

void add_machine(std::vector<Cells>& rows, const Environment& e) {
  const DeviceInfo& device = e.device;
  add(rows, "device",
      fmt::format("{} ({}{})", device.id.name, device.architecture,
                  device.threads > 1 ? fmt::format(", {} threads", device.threads) : ""));
  add(rows, "UUID", device.id.uuid);
  add(rows, "PCI address", device.id.pci_address);
  if (device.memory_bytes) add(rows, "memory", bytes(*device.memory_bytes));
  if (device.last_level_cache_bytes) {
    add(rows, "last-level cache",
        fmt::format("{} ({})", bytes(*device.last_level_cache_bytes),
                    device.last_level_cache_source));
  }
  for (const auto& [what, value] : device.details) add(rows, shortened(what, 60), value);
  if (device.id.kind != DeviceKind::kCpu) add(rows, "host", e.host_cpu);
  add(rows, "operating system", e.operating_system);
  if (e.load_average_1min) add(rows, "load at the start", short_number(*e.load_average_1min));
  if (const double read = e.roofs.read_bytes_per_s.value_or(0); std::isfinite(read) && read > 0) {
    add(rows, "read bandwidth", short_number(read / 1e9) + " GB/s");
  }
  add(rows, "dense limit", rates(e.roofs.multiply_adds_per_s));
  add(rows, "2:4 limit", rates(e.roofs.sparse_multiply_adds_per_s));
}

void add_clocks(std::vector<Cells>& rows, std::span<const Record> records) {
  add(rows, "clock",
      span_of(
          records, [](const Record& r) { return r.clocks.core_mhz; }, "MHz"));
  add(rows, "SM cycles over time",
      span_of(
          records, [](const Record& r) { return r.clocks.effective_sm_mhz; }, "MHz"));
  add(rows, "memory clock",
      span_of(
          records, [](const Record& r) { return r.clocks.memory_mhz; }, "MHz"));
  add(rows, "power",
      span_of(
          records, [](const Record& r) { return r.clocks.power_w; }, "W"));
  add(rows, "temperature",
      span_of(
          records, [](const Record& r) { return r.clocks.temperature_c; },
          "\xC2\xB0"
          "C"));
  add(rows, "throttling", throttling(records));
}

std::string one(const Run& run) {
  std::vector<Cells> rows;
  add_machine(rows, run.environment);
  add_clocks(rows, run.records);
  add_program(rows, run.environment);
  rows.push_back(
      {"command line", "<code>" + name(command_line(run.environment), 4000) + "</code>"});
  // Where the file lies is no business of those who are sent the page.
  const std::string source = run.source.substr(run.source.rfind('/') + 1);
  const std::string title = source.empty() ? run.environment.device.id.name.str() : source;
  std::string html = "<h3>" + name(title, 120) + "</h3>\n<table class=\"plain\">\n<tbody>\n";
  for (const Cells& cells : rows) {
    html += fmt::format("<tr><th scope=\"row\">{}</th><td>{}</td></tr>\n", cells[0], cells[1]);
  }
  return html + "</tbody>\n</table>\n";
}

std::string commands(std::span<const Run> runs) {
  constexpr std::size_t kMost = 1000;
  std::vector<std::string> lines;
  std::set<std::string> seen;
  for (const Run& run : runs) {
    for (const Record& r : run.records) {
      if (!r.repro.empty() && seen.insert(r.repro).second) lines.push_back(r.repro);
    }
  }
  if (lines.empty()) return {};
  std::string html = fmt::format(
      "<details>\n<summary>Command lines that measure one case again ({})</summary>\n<pre>",
      lines.size());
  for (std::size_t i = 0; i < std::min(lines.size(), kMost); ++i) {
    html += shortened(lines[i], 4000) + "\n";
  }
  html += "</pre>\n";
  if (lines.size() > kMost) {
    html += fmt::format("<p class=\"note\">The first {} of {}; the others are in the .jsonl.</p>\n",
                        kMost, lines.size());
  }
  return html + "</details>\n";
}

}  // namespace

std::string machines(const Contents& contents) {
  std::string html;
  for (const Run& run : contents.runs) html += one(run);
  return html + commands(contents.runs);
}

}  // namespace twofour::report::html
