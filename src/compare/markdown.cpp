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

/// The table of `rows` behind `before`, folded under `summary` where that is not empty; where it
/// would be too long, a line that says so.
std::string table_if_it_fits(const std::string& before, const Comparison& comparison, Rows which,
                             const std::string& summary) {
  constexpr std::size_t kLeastBytesOfARow = 20;
  const std::size_t rows = rows_of(comparison, which);
  if (before.size() + rows * kLeastBytesOfARow <= kMostBytes) {
    std::string text = table_of(changes_grid(comparison, which, Columns::kEight));
    if (!summary.empty()) text = report::markdown_folded(summary, text);
    if (before.size() + text.size() <= kMostBytes) return text;
  }
  return fmt::format(
      "The table of {} rows is too long for a pull request: `twofour compare --format csv` has "
      "them.\n\n",
      rows);
}

}  // namespace

std::string markdown(const Comparison& comparison) {
  std::string text = fmt::format("**{}**\n\n", escaped(answer(comparison)));
  if (const auto lines = cautions(comparison); !lines.empty()) text += list_of(lines) + "\n";
  text += table_if_it_fits(text, comparison, Rows::kDifferent, "");
  text += report::markdown_folded("What was compared",
                                  list_of(sides(comparison)) + list_of(differences(comparison)));
  if (!comparison.means.empty()) {
    text += report::markdown_folded("Means, and what the words say",
                                    table_of(means_grid(comparison)) + list_of(legend(comparison)));
  }
  if (const std::size_t same = same_rows(comparison); same > 0) {
    text +=
        table_if_it_fits(text, comparison, Rows::kSame, fmt::format("{} rows that are SAME", same));
  }
  return text;
}

}  // namespace twofour::compare
