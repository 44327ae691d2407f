// A table before it has a format: headings and rows of text.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "report/display.h"

namespace twofour::report {

enum class Align { kLeft, kRight };

/// What a row says: green or red on a terminal with colour, bold in Markdown.
enum class Tone { kNone, kGood, kBad };

struct Grid {
  struct Heading {
    std::string text;
    Align align = Align::kLeft;
    /// Where a terminal is too narrow, the column with the highest number goes first; 0: it stays.
    int drop = 0;
    bool cut = false;    ///< and its cells are cut in their middle when no column is left to go
    bool below = false;  ///< and before that, it goes, and Row::below stands behind each row
    bool toned = false;  ///< its cells show the tone of their row
  };
  struct Row {
    /// A line between rows. The other members are empty then.
    std::string section;
    bool section_in_markdown = false;  ///< else it is for plain text only
    std::vector<std::string> cells;    ///< one for each heading
    /// For plain text: stands in the place of the cells from `remark_column` on, where not empty.
    std::string remark;
    std::size_t remark_column = 0;
    Tone tone = Tone::kNone;
    std::vector<Tone> tones;  ///< of each cell, where they are not that of the row
    std::string below;        ///< for plain text: a line of its own behind the row
  };
  std::vector<Heading> headings;
  std::vector<Row> rows;
};

/// `grid` with what a terminal of `display` has place for: columns go and cells are cut as their
/// headings say. Texts are printable(), and no cell is wider than 120 columns.
Grid fitted(const Grid& grid, const Display& display);

/// Columns padded to equal width and separated by two spaces; a line of dashes below the headings.
/// Of a fitted() grid: remarks and sections that are too long for `display` take several lines.
std::string grid_text(const Grid& grid, const Display& display = {});
/// grid_text() of a fitted() grid that is too long to be held, for a display of any width: it comes
/// in pieces of rows, whose headings are the same, first all to be measured, then all again.
class PiecewiseText {
 public:
  void measure(const Grid& piece);
  /// Headings and the line below them; none without a piece.
  [[nodiscard]] std::string opening() const;
  [[nodiscard]] std::string rows(const Grid& piece) const;
  /// grid_width() of the whole.
  [[nodiscard]] std::size_t width() const;

 private:
  std::vector<Grid::Heading> headings_;
  std::vector<std::size_t> widths_;
};

/// A pipe table as in GitHub Flavored Markdown; what cells say is escaped (markdown_text.h).
std::string grid_markdown(const Grid& grid);
/// Width of the widest padded line of grid_text(), remarks and sections left out.
std::size_t grid_width(const Grid& grid);

}  // namespace twofour::report
