#include "report/html/data_table.h"

#include <fmt/format.h>

#include "report/html/escape.h"

namespace twofour::report::html {
namespace {

std::string heading(const DataColumn& column) {
  std::string attributes = fmt::format(" data-key=\"{}\"", escape(column.key));
  if (column.number) attributes += " data-number class=\"n\"";
  if (column.filter) attributes += " data-filter";
  if (column.tip) attributes += " data-tip";
  if (column.order == Order::kDescending) attributes += " data-descending";
  if (!column.title.empty()) attributes += fmt::format(" title=\"{}\"", escape(column.title));
  return fmt::format("<th scope=\"col\"{}>{}</th>", attributes, escape(column.heading));
}

}  // namespace

std::string data_table(std::string_view caption, std::span<const DataColumn> columns,
                       std::span<const DataRow> rows) {
  // The end tags of cells and rows may be left out in HTML: a quarter of a long table.
  std::string html = fmt::format(
      "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"{0}\">\n"
      "<table id=\"rows\">\n<caption>{0}</caption>\n<thead>\n<tr>",
      escape(caption));
  for (const DataColumn& column : columns) html += heading(column);
  html += "</tr>\n</thead>\n<tbody>\n";
  for (const DataRow& row : rows) {
    html += fmt::format("<tr id=\"r{}\">", row.index);
    for (std::size_t i = 0; i < row.cells.size(); ++i) {
      html += columns[i].number ? "<td class=n>" : "<td>";
      html += row.cells[i];
    }
    html += '\n';
  }
  return html + "</tbody>\n</table>\n</div>\n";
}

std::string plain_table(std::string_view caption, std::span<const std::string> headings,
                        std::span<const std::vector<std::string>> rows) {
  std::string html = fmt::format(
      "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"{0}\">\n"
      "<table class=\"plain\">\n<caption>{0}</caption>\n<thead>\n<tr>",
      escape(caption));
  for (const std::string& text : headings) {
    html += fmt::format("<th scope=\"col\">{}</th>", escape(text));
  }
  html += "</tr>\n</thead>\n<tbody>\n";
  for (const std::vector<std::string>& cells : rows) {
    html += "<tr>";
    for (std::size_t i = 0; i < cells.size(); ++i) {
      html += i == 0 ? "<th scope=\"row\">" + cells[i] + "</th>" : "<td>" + cells[i] + "</td>";
    }
    html += "</tr>\n";
  }
  return html + "</tbody>\n</table>\n</div>\n";
}

std::string plain_table(std::string_view caption, const Grid& grid, std::size_t most_rows) {
  std::vector<std::string> headings;
  for (const Grid::Heading& heading : grid.headings) headings.push_back(heading.text);
  std::vector<std::vector<std::string>> rows;
  for (const Grid::Row& row : grid.rows) {
    if (rows.size() == most_rows) break;
    std::vector<std::string>& cells = rows.emplace_back();
    for (const std::string& cell : row.cells) cells.push_back(name(cell));
  }
  return plain_table(caption, headings, rows);
}

}  // namespace twofour::report::html
