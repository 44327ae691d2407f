// The table for people, as text.
#include <fmt/format.h>

#include <algorithm>

#include "report/formats.h"
#include "report/layout.h"
#include "report/left_out.h"
#include "report/overview.h"
#include "report/printable.h"
#include "report/results.h"
#include "report/spread.h"

namespace twofour::report {
namespace {

constexpr std::size_t kRuleWidth = 80;
/// About as wide as devices side by side need it.
constexpr std::size_t kLabelColumn = 26;
constexpr std::size_t kDeviceColumn = 25;

std::size_t rule_width(const Grid& grid, const Display& display) {
  const std::size_t width = std::max(kRuleWidth, grid_width(grid));
  return display.width == 0 ? width : std::min(width, display.width);
}

/// Text from records among our own words, in lines that fit.
std::string lines_of(std::string_view text, const Display& display) {
  std::string lines;
  for (const std::string& line : wrapped(printable(text), display.width)) lines += line + "\n";
  return lines;
}

/// `title` between equal signs, at least `width` wide.
std::string banner(const std::string& title, std::size_t width, const Display& display) {
  const std::string head = "== " + printable(title) + " ";
  const std::size_t wide = std::max(width, display_width(head) + 4);
  const std::string line = head + std::string(wide - display_width(head), '=');
  return (display.width == 0 ? line : cut_end(line, display.width)) + "\n";
}

std::string paragraph(const std::vector<std::string>& paragraph, const Display& display) {
  std::string text;
  for (const std::string& line : paragraph) text += lines_of(line, display);
  return text.empty() ? text : text + "\n";
}

std::string block_text(const std::string& title, const Grid& grid, const Display& display) {
  const Grid fit = fitted(grid, display);
  return banner(title, rule_width(fit, display), display) + grid_text(fit, display) + "\n";
}

/// What stands below the tables of a sweep.
std::string conclusion_text(const Conclusion& end, const Display& display) {
  std::string text = paragraph(end.counts, display);
  if (!end.means.rows.empty()) {
    Grid means = end.means;
    means.headings.front().cut = true;
    text += grid_text(fitted(means, display), display) + "\n";
  }
  if (!end.sustained.rows.empty()) {
    Grid sustained = end.sustained;
    sustained.headings.front().cut = true;
    text += grid_text(fitted(sustained, display), display) + "\n";
  }
  if (!end.real_weights.rows.empty()) {
    Grid real = end.real_weights;
    real.headings.front().cut = true;
    text +=
        grid_text(fitted(real, display), display) + lines_of(end.real_weights_text, display) + "\n";
  }
  return text + paragraph(end.legend, display) + lines_of(end.answer, display);
}

std::string sweep_text(const Sweep& sweep, const Display& display) {
  std::string text;
  for (const Block& block : sweep_tables(sweep.records, Medium::kText)) {
    text += block_text(block.title, block.grid, display);
  }
  return text + conclusion_text(conclude(sweep.records, ">"), display);
}

std::string summary_text(const Sweep& sweep, const Display& display) {
  std::string text;
  for (const Overview& overview : overviews(sweep, display)) {
    text += block_text(overview.title, overview.grid, display);
    if (!overview.remark.empty()) text += lines_of(overview.remark, display) + "\n";
  }
  const Conclusion end = conclude(sweep.records, ">");
  std::vector<std::string> told{overview_legend()};
  told.insert(told.end(), end.counts.begin(), end.counts.end());
  return text + paragraph(told, display) + lines_of(end.answer, display);
}

/// Each device under its name where there are several, then the devices side by side.
template <class TextOf>
std::string of_each_device(std::span<const Run> runs, const Display& display, TextOf text_of) {
  const Results results = join(runs);
  std::vector<std::string> told;
  told.reserve(results.left_out.size());
  for (const std::string& line : results.left_out) told.push_back("left out: " + line + ".");
  std::string text = paragraph(told, display);
  const bool several = results.devices.size() > 1;
  for (std::size_t i = 0; i < results.devices.size(); ++i) {
    const DeviceResults& device = results.devices[i];
    if (several) text += lines_of(fmt::format("#{} {}", i + 1, device.title), display) + "\n";
    for (const Sweep& sweep : device.sweeps) {
      text += text_of(sweep);
      if (several || &sweep != &device.sweeps.back()) text += "\n";
    }
  }
  if (!several) return text;
  const std::size_t most =
      display.width == 0
          ? results.devices.size()
          : std::max<std::size_t>(
                1, (display.width - std::min(display.width, kLabelColumn)) / kDeviceColumn);
  for (const Grid& grid : side_by_side(results, most)) {
    text += block_text("Devices side by side: best 2:4 kernel, speed-up over dense there", grid,
                       display);
  }
  for (const Spread& spread : spreads(results)) {
    text += block_text(spread.title, spread.grid, display) + paragraph(spread.told, display);
  }
  return text;
}

}  // namespace

std::string table_opening(const Environment& environment) {
  return "device: " + device_text(environment.device) + "\n\n";
}

std::string table_case_on(std::span<const Record> records, const Display& display) {
  if (records.empty()) return {};
  const Block block = case_table(records, Medium::kText);
  const Grid fit = fitted(block.grid, display);
  const std::string rule = std::string(rule_width(fit, display), '=') + "\n";
  return rule + lines_of(block.title, display) + rule + grid_text(fit, display) + "\n";
}

std::string table_case(std::span<const Record> records) { return table_case_on(records, {}); }

std::string table_document(std::span<const Run> runs) { return table_document_on(runs, {}); }

std::string table_document_on(std::span<const Run> runs, const Display& display) {
  return of_each_device(runs, display,
                        [&](const Sweep& sweep) { return sweep_text(sweep, display); });
}

std::string table_summary_on(std::span<const Run> runs, const Display& display) {
  return of_each_device(runs, display,
                        [&](const Sweep& sweep) { return summary_text(sweep, display); });
}

}  // namespace twofour::report
