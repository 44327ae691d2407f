// A table before it has a format: headings and rows of text.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace twofour::report {

enum class Align { kLeft, kRight };

struct Grid {
  struct Heading {
    std::string text;
    Align align = Align::kLeft;
  };
  struct Row {
    /// A line between rows, for plain text only. The other members are empty then.
    std::string section;
    std::vector<std::string> cells;  ///< one for each heading
    /// For plain text: stands in the place of the cells from `remark_column` on, where not empty.
    std::string remark;
    std::size_t remark_column = 0;
  };
  std::vector<Heading> headings;
  std::vector<Row> rows;
};

/// Columns padded to equal width and separated by two spaces; a line of dashes below the headings.
std::string grid_text(const Grid& grid);
/// A pipe table as in GitHub Flavored Markdown; pipes in cells are escaped.
std::string grid_markdown(const Grid& grid);
/// Width of the widest padded line of grid_text(), remarks and sections left out.
std::size_t grid_width(const Grid& grid);

/// `text` with line breaks turned into spaces.
std::string one_line(std::string_view text);

}  // namespace twofour::report
