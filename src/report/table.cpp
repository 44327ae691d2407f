// The table for people, as text.
#include <fmt/format.h>

#include <algorithm>

#include "core/function_ref.h"
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

/// Calls `take` with the pieces of a table, fitted to any width.
void each_piece(const LongTable& table, FunctionRef<void(const Grid&)> take) {
  constexpr std::size_t kRowsOfAPiece = 2000;
  for (std::size_t i = 0; i < table.rows(); i += kRowsOfAPiece) {
    take(fitted(table.piece(i, kRowsOfAPiece), {}));
  }
}

/// For a pipe, or a file: all rows, never held as text.
void write_long(const LongTable& table, Write write) {
  PiecewiseText text;
  each_piece(table, [&](const Grid& piece) { text.measure(piece); });
  write(banner(table.title(), std::max(kRuleWidth, text.width()), {}) + text.opening());
  each_piece(table, [&](const Grid& piece) { write(text.rows(piece)); });
  write("\n");
}

void write_sweep(const Sweep& sweep, const Display& display, Write write) {
  for (const LongTable& table : sweep_tables(sweep.records, Medium::kText)) {
    if (display.width == 0) {
      write_long(table, write);
    } else {
      write(block_text(table.title(), table.piece(0, table.rows()), display));
    }
  }
  write(conclusion_text(conclude(sweep.records, ">"), display));
}

std::string summary_text(const Sweep& sweep, const Display& display) {
  std::string text;
  for (const Overview& overview : overviews(sweep, display)) {
    text += block_text(overview.title, overview.grid, display);
    if (!overview.remark.empty()) {
      text += lines_of(overview.remark + "; --wide or `twofour report` shows all.", display) + "\n";
    }
  }
  const Conclusion end = conclude(sweep.records, ">");
  std::vector<std::string> told{overview_legend()};
  told.insert(told.end(), end.counts.begin(), end.counts.end());
  return text + paragraph(told, display) + lines_of(end.answer, display);
}

/// Each device under its name where there are several, then the devices side by side.
void write_each_device(const Results& results, const Display& display, Write write,
                       FunctionRef<void(const Sweep&)> write_one) {
  std::vector<std::string> told;
  told.reserve(results.left_out.size());
  for (const std::string& line : results.left_out) told.push_back("left out: " + line + ".");
  write(paragraph(told, display));
  const bool several = results.devices.size() > 1;
  for (std::size_t i = 0; i < results.devices.size(); ++i) {
    const DeviceResults& device = results.devices[i];
    if (several) write(lines_of(fmt::format("#{} {}", i + 1, device.title), display) + "\n");
    for (const Sweep& sweep : device.sweeps) {
      write_one(sweep);
      if (several || &sweep != &device.sweeps.back()) write("\n");
    }
  }
  if (!several) return;
  const std::size_t most =
      display.width == 0
          ? results.devices.size()
          : std::max<std::size_t>(
                1, (display.width - std::min(display.width, kLabelColumn)) / kDeviceColumn);
  for (const Grid& grid : side_by_side(results, most)) {
    write(block_text("Devices side by side: best 2:4 kernel, speed-up over dense there", grid,
                     display));
  }
  for (const Spread& spread : spreads(results)) {
    write(block_text(spread.title, spread.grid, display) + paragraph(spread.told, display));
  }
}

std::size_t rows_in(const Results& results) {
  std::size_t rows = 0;
  for (const DeviceResults& device : results.devices) {
    for (const Sweep& sweep : device.sweeps) rows += sweep.records.size();
  }
  return rows;
}

/// What `write_to` writes.
template <class WriteTo>
std::string text_of(WriteTo write_to) {
  std::string text;
  const auto append = [&](std::string_view piece) { text += piece; };
  write_to(append);
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

void write_table(const Results& results, const Display& display, Write write) {
  const std::size_t rows = rows_in(results);
  if (display.width > 0 && rows > kMostRowsOnTerminal) {
    write(table_summary_of(results, display) +
          lines_of(fmt::format("A summary of {} rows: more than {} are not shown on a terminal. A "
                               "pipe or --output FILE has all, as has --format csv.",
                               rows, kMostRowsOnTerminal),
                   display));
    return;
  }
  write_each_device(results, display, write,
                    [&](const Sweep& sweep) { write_sweep(sweep, display, write); });
}

std::string table_document(std::span<const Run> runs) { return table_document_on(runs, {}); }

std::string table_document_on(std::span<const Run> runs, const Display& display) {
  const Results results = join(runs);
  return text_of([&](Write write) { write_table(results, display, write); });
}

std::string table_summary_of(const Results& results, const Display& display) {
  return text_of([&](Write write) {
    write_each_device(results, display, write,
                      [&](const Sweep& sweep) { write(summary_text(sweep, display)); });
  });
}

std::string table_summary_on(std::span<const Run> runs, const Display& display) {
  return table_summary_of(join(runs), display);
}

}  // namespace twofour::report
