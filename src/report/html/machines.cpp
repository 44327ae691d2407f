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
std::string text_of(const Span& span, std::string_view unit) {
  if (span.rows == 0) return {};
  if (span.low == span.high) return fmt::format("{} {}", short_number(span.low), unit);
  return fmt::format("{} to {} {}", short_number(span.low), short_number(span.high), unit);
}

std::string throttling(const RowFacts& facts) {
  std::string list;
  for (const auto& [reason, count] : facts.throttled) {
    if (reason == kNoThrottling || reason == kUnreadableThrottling) continue;
    list +=
        fmt::format("{}{} ({} of {} rows)", list.empty() ? "" : "; ", reason, count, facts.rows);
  }
  if (!list.empty()) return list;
  return std::string(facts.throttled.contains(std::string(kNoThrottling)) ? kNoThrottling
                                                                          : kUnreadableThrottling);
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
  for (const auto& [library, version] : e.libraries) {
    libraries.push_back(fmt::format("{} {}", library, version));
  }
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

void add_clocks(std::vector<Cells>& rows, const RowFacts& facts) {
  add(rows, "clock", text_of(facts.core_mhz, "MHz"));
  add(rows, "SM cycles over time", text_of(facts.effective_sm_mhz, "MHz"));
  add(rows, "memory clock", text_of(facts.memory_mhz, "MHz"));
  add(rows, "power", text_of(facts.power_w, "W"));
  add(rows, "temperature",
      text_of(facts.temperature_c,
              "\xC2\xB0"
              "C"));
  add(rows, "throttling", throttling(facts));
}

std::string one(const Run& run, const RowFacts& facts) {
  std::vector<Cells> rows;
  add_machine(rows, run.environment);
  add_clocks(rows, facts);
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

std::string commands(const Results& results) {
  constexpr std::size_t kMost = 1000;
  std::vector<std::string_view> lines;
  std::set<std::string_view> seen;
  for (const DeviceResults& device : results.devices) {
    for (const Sweep& sweep : device.sweeps) {
      for (const Record& r : sweep.records) {
        if (!r.repro.empty() && seen.insert(r.repro).second) lines.emplace_back(r.repro);
      }
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
  for (std::size_t i = 0; i < contents.runs.size(); ++i) {
    html += one(contents.runs[i], contents.results.facts[i]);
  }
  return html + commands(contents.results);
}

}  // namespace twofour::report::html
