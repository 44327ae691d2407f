// The table for people, as GitHub Flavored Markdown.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "report/formats.h"
#include "report/layout.h"
#include "report/results.h"

namespace twofour::report {

namespace {

std::string markdown_closing(std::span<const Record> records) {
  const std::vector<Record> sorted = by_case(records);
  std::string text;
  for (const Block& block : sweep_tables(sorted, Medium::kMarkdown)) {
    text += "## " + block.title + "\n\n" + grid_markdown(block.grid) + "\n";
  }
  const Conclusion end = conclude(sorted, "**WIN**");
  if (!end.counts.empty()) text += fmt::format("{}\n\n", fmt::join(end.counts, "\n"));
  if (!end.means.rows.empty()) text += grid_markdown(end.means) + "\n";
  if (!end.legend.empty()) text += fmt::format("- {}\n\n", fmt::join(end.legend, "\n- "));
  return text + "**" + end.answer + "**\n";
}

}  // namespace

std::string markdown_case(std::span<const Record> records) {
  if (records.empty()) return {};
  const Block block = case_table(records, Medium::kMarkdown);
  return "### " + block.title + "\n\n" + grid_markdown(block.grid) + "\n";
}

std::string markdown_document(std::span<const Run> runs) {
  std::string text;
  for (const DeviceResults& device : join(runs).devices) {
    for (const Sweep& sweep : device.sweeps) text += markdown_closing(sweep.records);
  }
  return text;
}

}  // namespace twofour::report
