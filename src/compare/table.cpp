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

}  // namespace

std::string table(const Comparison& comparison, const Display& display) {
  const bool on_terminal = display.width > 0;
  std::string text = paragraph(introduction(comparison), display);
  text += grid_lines(
      changes_grid(comparison, on_terminal ? Rows::kDifferent : Rows::kAll, Columns::kAll),
      display);
  if (const std::size_t same = same_rows(comparison); on_terminal && same > 0) {
    text += lines_of(fmt::format("{} SAME and not shown: --wide shows them.",
                                 same == 1 ? "1 row is" : fmt::format("{} rows are", same)),
                     display) +
            "\n";
  }
  text += grid_lines(means_grid(comparison), display);
  text += paragraph(legend(comparison), display);
  text += paragraph(cautions(comparison), display);
  return text + lines_of(answer(comparison), display);
}

}  // namespace twofour::compare
