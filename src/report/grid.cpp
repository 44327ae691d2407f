#include "report/grid.h"

#include <algorithm>
#include <cstddef>

namespace twofour::report {
namespace {

constexpr std::string_view kGap = "  ";

std::vector<std::size_t> column_widths(const Grid& grid) {
  std::vector<std::size_t> widths;
  for (const Grid::Heading& heading : grid.headings) widths.push_back(heading.text.size());
  for (const Grid::Row& row : grid.rows) {
    for (std::size_t i = 0; i < row.cells.size(); ++i) {
      if (!row.remark.empty() && i >= row.remark_column) break;
      widths[i] = std::max(widths[i], row.cells[i].size());
    }
  }
  return widths;
}

void append_padded(std::string& line, std::string_view text, std::size_t width, Align align) {
  const std::string padding(width - std::min(width, text.size()), ' ');
  if (align == Align::kRight) line += padding;
  line += text;
  if (align == Align::kLeft) line += padding;
}

void end_line(std::string& text, std::string line) {
  line.erase(line.find_last_not_of(' ') + 1);
  text += line + "\n";
}

void append_piped(std::string& line, std::string_view cell) {
  line += ' ';
  for (const char c : one_line(cell)) {
    if (c == '|') line += '\\';
    line += c;
  }
  line += " |";
}

}  // namespace

std::string one_line(std::string_view text) {
  std::string line(text);
  for (char& c : line) {
    if (c == '\n' || c == '\r' || c == '\t') c = ' ';
  }
  return line;
}

std::size_t grid_width(const Grid& grid) {
  std::size_t width = 0;
  for (const std::size_t column : column_widths(grid)) width += column + kGap.size();
  return width < kGap.size() ? 0 : width - kGap.size();
}

std::string grid_text(const Grid& grid) {
  const std::vector<std::size_t> widths = column_widths(grid);
  std::string text;
  const auto append_row = [&](std::size_t count, const auto& cell_at, std::string_view rest) {
    std::string line;
    for (std::size_t i = 0; i < count; ++i) {
      if (i > 0) line += kGap;
      append_padded(line, cell_at(i), widths[i], grid.headings[i].align);
    }
    if (!rest.empty()) line += std::string(kGap) + one_line(rest);
    end_line(text, line);
  };
  append_row(
      grid.headings.size(), [&](std::size_t i) { return grid.headings[i].text; }, "");
  text += std::string(grid_width(grid), '-') + "\n";
  for (const Grid::Row& row : grid.rows) {
    if (!row.section.empty()) {
      end_line(text, one_line(row.section));
      continue;
    }
    const std::size_t count = row.remark.empty() ? row.cells.size() : row.remark_column;
    append_row(
        count, [&](std::size_t i) { return row.cells[i]; }, row.remark);
  }
  return text;
}

std::string grid_markdown(const Grid& grid) {
  std::string text = "|";
  for (const Grid::Heading& heading : grid.headings) append_piped(text, heading.text);
  text += "\n|";
  for (const Grid::Heading& heading : grid.headings) {
    text += heading.align == Align::kRight ? "---:|" : ":---|";
  }
  text += "\n";
  for (const Grid::Row& row : grid.rows) {
    if (!row.section.empty()) continue;
    text += "|";
    for (const std::string& cell : row.cells) append_piped(text, cell);
    text += "\n";
  }
  return text;
}

}  // namespace twofour::report
