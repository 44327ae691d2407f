// How far devices of one kind differ on the same problems.
#include <fmt/format.h>

#include <string>
#include <vector>

#include "report/html/data_table.h"
#include "report/html/escape.h"
#include "report/html/sections.h"
#include "report/spread.h"

namespace twofour::report::html {
namespace {

/// Problems of one table: a page of thousands must stay one that a browser opens.
constexpr std::size_t kMostRows = 500;

std::string one(const Spread& spread) {
  std::vector<std::string> headings;
  for (const Grid::Heading& heading : spread.grid.headings) headings.push_back(heading.text);
  std::vector<std::vector<std::string>> rows;
  for (const Grid::Row& row : spread.grid.rows) {
    if (rows.size() == kMostRows) break;
    std::vector<std::string>& cells = rows.emplace_back();
    for (const std::string& cell : row.cells) cells.push_back(name(cell));
  }
  std::string html;
  for (const std::string& told : spread.told) html += "<p>" + escape(told) + "</p>\n";
  html += plain_table(spread.title, headings, rows);
  if (spread.grid.rows.size() > kMostRows) {
    html += fmt::format(
        "<p class=\"note\">The first {} of {} problems; 'twofour report' shows "
        "all.</p>\n",
        kMostRows, spread.grid.rows.size());
  }
  return html;
}

}  // namespace

std::string devices(const Contents& contents) {
  std::string html;
  for (const Spread& spread : spreads(contents.results)) html += one(spread);
  return html;
}

}  // namespace twofour::report::html
