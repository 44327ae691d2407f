// A comparison for a pull request, as GitHub Flavored Markdown.
#include <fmt/format.h>

#include <vector>

#include "compare/formats.h"
#include "compare/words.h"
#include "report/grid.h"
#include "report/markdown_text.h"
#include "report/printable.h"

namespace twofour::compare {
namespace {

/// GitHub takes 65536 characters in a description or a comment.
constexpr std::size_t kMostBytes = 60000;

std::string escaped(std::string_view text) {
  return report::markdown_text(report::printable(text));
}

std::string list_of(const std::vector<std::string>& lines) {
  std::string text;
  for (const std::string& line : lines) text += "- " + escaped(line) + "\n";
  return text;
}

std::string table_of(const report::Grid& grid) {
  return grid.rows.empty() ? std::string() : report::grid_markdown(report::fitted(grid, {})) + "\n";
}

/// `text`, or where it would be too long together with `before`, a line that says so.
std::string if_it_fits(const std::string& before, std::string text, std::size_t rows) {
  if (before.size() + text.size() <= kMostBytes) return text;
  return fmt::format(
      "The table of {} rows is too long for a pull request: `twofour compare --format csv` has "
      "them.\n\n",
      rows);
}

}  // namespace

std::string markdown(const Comparison& comparison) {
  std::string text = fmt::format("**{}**\n\n", escaped(answer(comparison)));
  if (const auto lines = cautions(comparison); !lines.empty()) text += list_of(lines) + "\n";
  const report::Grid different = changes_grid(comparison, Rows::kDifferent, Columns::kEight);
  text += if_it_fits(text, table_of(different), different.rows.size());
  text += report::markdown_folded("What was compared",
                                  list_of(sides(comparison)) + list_of(differences(comparison)));
  if (!comparison.means.empty()) {
    text += report::markdown_folded("Means, and what the words say",
                                    table_of(means_grid(comparison)) + list_of(legend(comparison)));
  }
  if (const std::size_t same = same_rows(comparison); same > 0) {
    const report::Grid grid = changes_grid(comparison, Rows::kSame, Columns::kEight);
    text += if_it_fits(
        text, report::markdown_folded(fmt::format("{} rows that are SAME", same), table_of(grid)),
        same);
  }
  return text;
}

}  // namespace twofour::compare
