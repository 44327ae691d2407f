// The table of a page that its script sorts and filters. There is one on a page.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "report/grid.h"

namespace twofour::report::html {

enum class Order { kAscending, kDescending };

struct DataColumn {
  std::string key;      ///< in the fragment: #m=16&sort=ratio
  std::string heading;  ///< a text
  bool number = false;  ///< to the right, and sorted by the number that its text begins with
  bool filter = false;  ///< with a menu of its values
  bool tip = false;     ///< told of a mark that the pointer is at
  Order order = Order::kAscending;  ///< what #sort=KEY means; #sort=-KEY is the other
  std::string title = {};           ///< what the heading means, in a few words; may be empty
};

/// Cells are HTML: escape(), or name().
struct DataRow {
  std::size_t index = 0;  ///< the id of its element is "r" and this; marks name it
  std::vector<std::string> cells;
};

std::string data_table(std::string_view caption, std::span<const DataColumn> columns,
                       std::span<const DataRow> rows);

/// A table of words and figures that is neither sorted nor filtered: cells are HTML.
std::string plain_table(std::string_view caption, std::span<const std::string> headings,
                        std::span<const std::vector<std::string>> rows);

/// The same of the first `most_rows` rows of a grid, whose cells are text.
std::string plain_table(std::string_view caption, const Grid& grid,
                        std::size_t most_rows = static_cast<std::size_t>(-1));

}  // namespace twofour::report::html
