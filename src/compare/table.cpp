// A comparison for people, as text.
#include <fmt/format.h>

#include <vector>

#include "compare/formats.h"
#include "compare/words.h"
#include "report/grid.h"
#include "report/printable.h"

namespace twofour::compare {
namespace {

using report::Display;

std::string lines_of(std::string_view text, const Display& display) {
  std::string lines;
  for (const std::string& line : report::wrapped(report::printable(text), display.width)) {
    lines += line + "\n";
  }
  return lines;
}

std::string paragraph(const std::vector<std::string>& lines, const Display& display) {
  std::string text;
  for (const std::string& line : lines) text += lines_of(line, display);
  return text.empty() ? text : text + "\n";
}

std::string grid_lines(const report::Grid& grid, const Display& display) {
  if (grid.rows.empty()) return {};
  return report::grid_text(report::fitted(grid, display), display) + "\n";
}

std::vector<std::string> introduction(const Comparison& comparison) {
  std::vector<std::string> lines = sides(comparison);
  const std::vector<std::string> differing = differences(comparison);
  lines.emplace_back(differing.empty() ? "Both ran with the same, as far as the files tell."
                                       : "Changed:");
  for (const std::string& line : differing) lines.push_back("  " + line);
  return lines;
}

std::string count_of_rows(std::size_t count) {
  return count == 1 ? "1 row is" : fmt::format("{} rows are", count);
}

/// Those that are not SAME, the largest changes first.
std::string changes_on_terminal(const Comparison& comparison, const Display& display) {
  const report::Grid grid = changes_grid(comparison, Rows::kDifferent, Columns::kAll);
  std::string text = grid_lines(grid, display);
  if (const std::size_t same = same_rows(comparison); same > 0) {
    text += lines_of(fmt::format("{} SAME and not shown: --wide shows them.", count_of_rows(same)),
                     display) +
            "\n";
  }
  return text;
}

/// All, never held as text.
void write_changes(const Comparison& comparison, report::Write write) {
  report::PiecewiseText text;
  const auto each = [&](FunctionRef<void(const report::Grid&)> take) {
    each_piece(comparison, Rows::kAll, Columns::kAll,
               [&](const report::Grid& piece) { take(report::fitted(piece, {})); });
  };
  if (comparison.changes.empty()) return;
  each([&](const report::Grid& piece) { text.measure(piece); });
  write(text.opening());
  each([&](const report::Grid& piece) { write(text.rows(piece)); });
  write("\n");
}

}  // namespace

void write_table(const Comparison& comparison, const Display& display, report::Write write) {
  const bool on_terminal = display.width > 0;
  write(paragraph(introduction(comparison), display));
  if (on_terminal) {
    write(changes_on_terminal(comparison, display));
  } else {
    write_changes(comparison, write);
  }
  write(grid_lines(means_grid(comparison), display) + paragraph(legend(comparison), display) +
        paragraph(cautions(comparison), display) + lines_of(answer(comparison), display));
}

std::string table(const Comparison& comparison, const Display& display) {
  return document(*find_format("table"), comparison, display);
}

}  // namespace twofour::compare
