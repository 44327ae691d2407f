// The table for people, as text.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "report/formats.h"
#include "report/layout.h"
#include "report/results.h"

namespace twofour::report {
namespace {

constexpr std::size_t kRuleWidth = 80;

std::size_t rule_width(const Grid& grid) { return std::max(kRuleWidth, grid_width(grid)); }

/// `title` between equal signs, at least `width` wide.
std::string banner(const std::string& title, std::size_t width) {
  const std::string head = "== " + title + " ";
  return head + std::string(std::max(width, head.size() + 4) - head.size(), '=') + "\n";
}

std::string paragraph(const std::vector<std::string>& lines) {
  return lines.empty() ? std::string() : fmt::format("{}\n\n", fmt::join(lines, "\n"));
}

std::string table_closing(std::span<const Record> records) {
  const std::vector<Record> sorted = by_case(records);
  std::string text;
  for (const Block& block : sweep_tables(sorted, Medium::kText)) {
    text += banner(block.title, rule_width(block.grid)) + grid_text(block.grid) + "\n";
  }
  const Conclusion end = conclude(sorted, ">");
  text += paragraph(end.counts);
  if (!end.means.rows.empty()) text += grid_text(end.means) + "\n";
  return text + paragraph(end.legend) + end.answer + "\n";
}

}  // namespace

std::string table_case(std::span<const Record> records) {
  if (records.empty()) return {};
  const Block block = case_table(records, Medium::kText);
  const std::string rule(rule_width(block.grid), '=');
  return rule + "\n" + block.title + "\n" + rule + "\n" + grid_text(block.grid) + "\n";
}

std::string table_case_on(std::span<const Record> records, const Display& /*display*/) {
  return table_case(records);
}

std::string table_document(std::span<const Run> runs) { return table_document_on(runs, {}); }

std::string table_document_on(std::span<const Run> runs, const Display& /*display*/) {
  std::string text;
  for (const DeviceResults& device : join(runs).devices) {
    for (const Sweep& sweep : device.sweeps) text += table_closing(sweep.records);
  }
  return text;
}

std::string table_summary_on(std::span<const Run> runs, const Display& display) {
  return table_document_on(runs, display);
}

}  // namespace twofour::report
