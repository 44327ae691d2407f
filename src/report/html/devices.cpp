// How far devices of one kind differ on the same problems.
#include <fmt/format.h>

#include <string>

#include "report/html/data_table.h"
#include "report/html/escape.h"
#include "report/html/sections.h"
#include "report/spread.h"

namespace twofour::report::html {
namespace {

/// Problems of one table: a page of thousands must stay one that a browser opens.
constexpr std::size_t kMostRows = 500;

std::string one(const Spread& spread) {
  std::string html;
  for (const std::string& told : spread.told) html += "<p>" + escape(told) + "</p>\n";
  html += plain_table(spread.title, spread.grid, kMostRows);
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
