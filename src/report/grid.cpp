#include "report/grid.h"

#include <algorithm>
#include <span>

#include "report/markdown_text.h"
#include "report/printable.h"

namespace twofour::report {
namespace {

constexpr std::string_view kGap = "  ";
constexpr std::string_view kBelowIndent = "      ";
constexpr std::size_t kWidestCell = 120;
constexpr std::size_t kNarrowestCut = 12;
constexpr std::size_t kNarrowestRemark = 20;
constexpr std::size_t kMostRemarkLines = 4;

/// Names of libraries and devices are in headings, too.
std::string cell_text(const std::string& text) { return cut_middle(printable(text), kWidestCell); }

/// Whether cell `i` of a row is shown: its remark stands in the place of the later ones.
bool has_cell(const Grid::Row& row, std::size_t i) {
  return i < row.cells.size() && (row.remark.empty() || i < row.remark_column);
}

/// Raises `widths`, one for each heading, to those of the grid.
void raise_widths(std::vector<std::size_t>& widths, const Grid& grid) {
  widths.resize(grid.headings.size());
  for (std::size_t i = 0; i < widths.size(); ++i) {
    widths[i] = std::max(widths[i], display_width(grid.headings[i].text));
  }
  for (const Grid::Row& row : grid.rows) {
    for (std::size_t i = 0; has_cell(row, i); ++i) {
      widths[i] = std::max(widths[i], display_width(row.cells[i]));
    }
  }
}

std::vector<std::size_t> column_widths(const Grid& grid) {
  std::vector<std::size_t> widths;
  raise_widths(widths, grid);
  return widths;
}

/// Of all columns with the gaps between them.
std::size_t width_of(const std::vector<std::size_t>& columns) {
  std::size_t width = 0;
  for (const std::size_t column : columns) width += column + kGap.size();
  return width < kGap.size() ? 0 : width - kGap.size();
}

void erase_column(Grid& grid, std::size_t column) {
  const auto at = static_cast<std::ptrdiff_t>(column);
  grid.headings.erase(grid.headings.begin() + at);
  for (Grid::Row& row : grid.rows) {
    if (column < row.cells.size()) row.cells.erase(row.cells.begin() + at);
    if (column < row.tones.size()) row.tones.erase(row.tones.begin() + at);
    if (column < row.remark_column) --row.remark_column;
  }
}

/// The column that goes next; the number of columns when none may.
std::size_t next_to_go(const Grid& grid) {
  const auto next = std::max_element(
      grid.headings.begin(), grid.headings.end(),
      [](const Grid::Heading& a, const Grid::Heading& b) { return a.drop < b.drop; });
  if (next == grid.headings.end() || next->drop == 0) return grid.headings.size();
  return static_cast<std::size_t>(next - grid.headings.begin());
}

/// Whether a column went for Row::below.
bool move_below(Grid& grid) {
  const auto column = std::find_if(grid.headings.begin(), grid.headings.end(),
                                   [](const Grid::Heading& heading) { return heading.below; });
  if (column == grid.headings.end()) return false;
  erase_column(grid, static_cast<std::size_t>(column - grid.headings.begin()));
  return true;
}

bool too_wide(const Grid& grid, std::size_t width) { return width > 0 && grid_width(grid) > width; }

void drop_columns(Grid& grid, std::size_t width) {
  while (too_wide(grid, width) && next_to_go(grid) < grid.headings.size()) {
    erase_column(grid, next_to_go(grid));
  }
}

void cut_cells(Grid& grid, std::size_t width) {
  for (std::size_t i = 0; i < grid.headings.size(); ++i) {
    const std::size_t now = grid_width(grid);
    if (!grid.headings[i].cut || now <= width) continue;
    const std::size_t cell = column_widths(grid)[i];
    const std::size_t left = std::max(kNarrowestCut, cell - std::min(cell, now - width));
    for (Grid::Row& row : grid.rows) {
      if (i < row.cells.size()) row.cells[i] = cut_middle(row.cells[i], left);
    }
  }
}

std::string_view colour_of(Tone tone) {
  switch (tone) {
    case Tone::kGood:
      return "\x1b[32m";
    case Tone::kBad:
      return "\x1b[31m";
    case Tone::kNone:
      break;
  }
  return {};
}

/// Rows as lines.
class TextWriter {
 public:
  TextWriter(std::span<const Grid::Heading> headings, std::span<const std::size_t> widths,
             const Display& display)
      : headings_(headings), widths_(widths), display_(display) {}

  void append_headings() {
    Grid::Row headings;
    for (const Grid::Heading& heading : headings_) headings.cells.push_back(heading.text);
    append(headings);
    text_ += std::string(width_of({widths_.begin(), widths_.end()}), '-') + "\n";
  }
  void append_rows(const Grid& grid) {
    for (const Grid::Row& row : grid.rows) {
      if (row.section.empty()) {
        append(row);
      } else {
        append_lines(row.section, 0);
      }
    }
  }
  std::string text() { return std::move(text_); }

 private:
  void end_line(std::string line) {
    line.erase(line.find_last_not_of(' ') + 1);
    text_ += line + "\n";
  }

  void append_lines(const std::string& long_text, std::size_t indent) {
    const std::size_t width = display_.width == 0 ? 0 : display_.width - indent;
    for (const std::string& line : wrapped(long_text, width)) {
      end_line(std::string(indent, ' ') + line);
    }
  }

  void append_padded(std::string& line, const Grid::Row& row, std::size_t i) const {
    const std::string& cell = row.cells[i];
    const std::string padding(widths_[i] - std::min(widths_[i], display_width(cell)), ' ');
    if (headings_[i].align == Align::kRight) line += padding;
    const Tone tone = i < row.tones.size() ? row.tones[i] : row.tone;
    const bool coloured =
        display_.colour && headings_[i].toned && tone != Tone::kNone && !cell.empty();
    if (coloured) line += colour_of(tone);
    line += cell;
    if (coloured) line += "\x1b[0m";
    if (headings_[i].align == Align::kLeft) line += padding;
  }

  void append(const Grid::Row& row) {
    std::string line;
    std::size_t used = 0;
    for (std::size_t i = 0; has_cell(row, i); ++i) {
      if (i > 0) line += kGap;
      append_padded(line, row, i);
      used += widths_[i] + (i > 0 ? kGap.size() : 0);
    }
    if (row.remark.empty()) {
      end_line(line);
    } else {
      append_remark(line, used, row.remark);
    }
    if (!row.below.empty()) append_lines(row.below, kBelowIndent.size());
  }

  /// Behind the cells, which took `used` columns, or below them where there is little place.
  void append_remark(const std::string& line, std::size_t used, const std::string& remark) {
    const std::size_t begin = used + kGap.size();
    if (display_.width == 0) return end_line(line + std::string(kGap) + remark);
    const bool behind = begin + kNarrowestRemark <= display_.width;
    const std::size_t indent = behind ? begin : kBelowIndent.size();
    if (!behind) end_line(line);
    const std::size_t width = display_.width - std::min(display_.width - 1, indent);
    std::vector<std::string> lines = wrapped(cut_end(remark, width * kMostRemarkLines), width);
    if (lines.size() > kMostRemarkLines) {
      lines.resize(kMostRemarkLines);
      lines.back() = cut_end(lines.back() + std::string(width, '.'), width);
    }
    for (std::size_t i = 0; i < lines.size(); ++i) {
      const bool first = behind && i == 0;
      end_line((first ? line + std::string(kGap) : std::string(indent, ' ')) + lines[i]);
    }
  }

  std::span<const Grid::Heading> headings_;
  std::span<const std::size_t> widths_;
  const Display& display_;
  std::string text_;
};

}  // namespace

std::size_t grid_width(const Grid& grid) { return width_of(column_widths(grid)); }

Grid fitted(const Grid& grid, const Display& display) {
  Grid fit = grid;
  for (Grid::Heading& heading : fit.headings) heading.text = cell_text(heading.text);
  for (Grid::Row& row : fit.rows) {
    row.section = printable(row.section);
    row.remark = printable(row.remark);
    row.below = printable(row.below);
    for (std::string& cell : row.cells) cell = cell_text(cell);
  }
  const Grid all = fit;
  drop_columns(fit, display.width);
  if (too_wide(fit, display.width)) {
    Grid other = all;
    if (move_below(other)) {
      drop_columns(other, display.width);
      cut_cells(other, display.width);
      return other;
    }
    cut_cells(fit, display.width);
  }
  for (Grid::Row& row : fit.rows) row.below.clear();
  return fit;
}

std::string grid_text(const Grid& grid, const Display& display) {
  const std::vector<std::size_t> widths = column_widths(grid);
  TextWriter writer(grid.headings, widths, display);
  writer.append_headings();
  writer.append_rows(grid);
  return writer.text();
}

void PiecewiseText::measure(const Grid& piece) {
  headings_ = piece.headings;
  raise_widths(widths_, piece);
}

std::string PiecewiseText::opening() const {
  const Display any;
  TextWriter writer(headings_, widths_, any);
  if (!headings_.empty()) writer.append_headings();
  return writer.text();
}

std::string PiecewiseText::rows(const Grid& piece) const {
  const Display any;
  TextWriter writer(headings_, widths_, any);
  writer.append_rows(piece);
  return writer.text();
}

std::size_t PiecewiseText::width() const { return width_of(widths_); }

std::string grid_markdown(const Grid& grid) {
  std::string text = "|";
  for (const Grid::Heading& heading : grid.headings)
    text += " " + markdown_text(cell_text(heading.text)) + " |";
  text += "\n|";
  for (const Grid::Heading& heading : grid.headings) {
    text += heading.align == Align::kRight ? "---:|" : ":---|";
  }
  text += "\n";
  for (const Grid::Row& row : grid.rows) {
    if (row.section_in_markdown) {
      text += "| **" + markdown_text(cell_text(row.section)) + "** |";
      for (std::size_t i = 1; i < grid.headings.size(); ++i) text += " |";
      text += "\n";
    }
    if (!row.section.empty()) continue;
    text += "|";
    for (std::size_t i = 0; i < row.cells.size(); ++i) {
      const std::string cell = markdown_text(cell_text(row.cells[i]));
      const bool bold = grid.headings[i].toned && row.tone == Tone::kGood && !cell.empty();
      text += bold ? " **" + cell + "** |" : " " + cell + " |";
    }
    text += "\n";
  }
  return text;
}

}  // namespace twofour::report
