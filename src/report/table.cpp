// The table for people, as text and as Markdown.
#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <vector>

#include "report/answer.h"
#include "report/columns.h"
#include "report/grid.h"
#include "report/report.h"

namespace twofour::report {
namespace {

constexpr std::size_t kRuleWidth = 80;
constexpr std::string_view kFirstReplaced = "time (mean +/- std), s";

/// One table: what it holds and whether the cases are rows of it or the whole of it.
struct Table {
  std::vector<Record> records;
  bool markdown = false;
  bool sweep = false;
};

bool any_hot(std::span<const Record> records) {
  return std::any_of(records.begin(), records.end(),
                     [](const Record& r) { return r.cache.mode == CacheMode::kHot; });
}

bool is_shown(const Column& column, const Table& table) {
  if (column.cell == nullptr) return false;
  const auto any = [&](auto holds) {
    return std::any_of(table.records.begin(), table.records.end(), holds);
  };
  switch (column.shown) {
    case Shown::kAlways:
      return true;
    case Shown::kHot:
      return any_hot(table.records);
    case Shown::kBf16:
      return any([](const Record& r) { return !r.bf16_baseline.empty(); });
    case Shown::kPlainText:
      return !table.markdown;
    case Shown::kMarkdown:
      return table.markdown;
    case Shown::kMarkdownSweep:
      return table.markdown && table.sweep;
    case Shown::kMarkdownModel:
      return table.markdown && table.sweep && any([](const Record& r) { return !r.layer.empty(); });
  }
  return false;
}

/// "[0]  scaled-torch.int8-gemm | MKN=(1x4096x6144) | qkv of meta-llama/Llama-3-8b, TP 1".
/// With `show_residency`, the warning that a hot ratio compares cache with memory.
std::string case_heading(const Record& record, bool show_residency) {
  std::string text =
      fmt::format("[{}]  {} | {}", record.case_index, label(record), sub_label(record));
  if (!record.model.empty()) {
    text += fmt::format(" | {} of {}, TP {}", record.layer, record.model, record.tensor_parallel);
  }
  if (show_residency && record.cache.residency == Residency::kCliff) {
    text += " | cliff: in cache fit the 2:4 weights alone";
  }
  return text;
}

Grid grid_of(const Table& table) {
  Grid grid;
  std::vector<const Column*> shown;
  std::size_t remark_column = 0;
  for (const Column& column : columns()) {
    if (!is_shown(column, table)) continue;
    if (column.heading == kFirstReplaced) remark_column = shown.size();
    shown.push_back(&column);
    grid.headings.push_back({std::string(column.heading), column.align});
  }
  const bool hot = any_hot(table.records);
  const Record* previous = nullptr;
  for (const Record& record : table.records) {
    if (table.sweep && (previous == nullptr || previous->case_index != record.case_index)) {
      grid.rows.push_back({.section = case_heading(record, hot)});
    }
    previous = &record;
    Grid::Row row;
    for (const Column* column : shown) row.cells.push_back(column->cell(record));
    row.remark = no_result(record);
    row.remark_column = remark_column;
    grid.rows.push_back(std::move(row));
  }
  return grid;
}

/// `title` between equal signs, at least `width` wide.
std::string banner(const std::string& title, std::size_t width) {
  const std::string head = "== " + title + " ";
  return head + std::string(std::max(width, head.size() + 4) - head.size(), '=') + "\n";
}

std::string rendered(const std::string& title, const Table& table) {
  const Grid grid = grid_of(table);
  if (table.markdown) return "## " + title + "\n\n" + grid_markdown(grid) + "\n";
  return banner(title, std::max(kRuleWidth, grid_width(grid))) + grid_text(grid) + "\n";
}

/// Records of one model and TP size together, both in order of appearance.
std::vector<Table> tables_by_model(std::span<const Record> records, bool markdown) {
  std::vector<Table> tables;
  for (const Record& record : records) {
    const auto same = [&](const Table& table) {
      return table.records.front().model == record.model &&
             table.records.front().tensor_parallel == record.tensor_parallel;
    };
    auto table = std::find_if(tables.begin(), tables.end(), same);
    if (table == tables.end()) table = tables.insert(table, {{}, markdown, true});
    table->records.push_back(record);
  }
  return tables;
}

std::string summary(std::span<const Record> records, bool markdown) {
  std::string text;
  const auto paragraph = [&](const std::string& lines) {
    if (!lines.empty()) text += lines + "\n\n";
  };
  std::string counts;
  for (const std::string& line : verdict_counts(records)) {
    counts += (counts.empty() ? "" : "\n") + line;
  }
  paragraph(counts);
  const Grid means = geometric_means(records);
  if (!means.rows.empty()) text += (markdown ? grid_markdown(means) : grid_text(means)) + "\n";
  std::string lines;
  for (const std::string& line : legend(records, markdown ? "**WIN**" : ">")) {
    lines += fmt::format("{}{}{}", lines.empty() ? "" : "\n", markdown ? "- " : "", line);
  }
  paragraph(lines);
  const std::string closing = answer(records);
  return text + (markdown ? "**" + closing + "**" : closing) + "\n";
}

std::string jsonl(std::span<const Record> records) {
  std::string text;
  for (const Record& record : records) text += record_json(record) + "\n";
  return text;
}

}  // namespace

std::string case_block(std::span<const Record> records, TextFormat format) {
  if (records.empty() || format == TextFormat::kCsv) return {};
  if (format == TextFormat::kJsonl) return jsonl(records);
  const Table table{.records = {records.begin(), records.end()},
                    .markdown = format == TextFormat::kMarkdown};
  const std::string heading = case_heading(records.front(), any_hot(records));
  const Grid grid = grid_of(table);
  if (table.markdown) return "### " + heading + "\n\n" + grid_markdown(grid) + "\n";
  const std::string rule(std::max(kRuleWidth, grid_width(grid)), '=');
  return rule + "\n" + heading + "\n" + rule + "\n" + grid_text(grid) + "\n";
}

std::string final_tables(std::span<const Record> records, TextFormat format) {
  if (format == TextFormat::kCsv) return csv(records);
  if (records.empty() || format == TextFormat::kJsonl) return {};
  const bool markdown = format == TextFormat::kMarkdown;
  // The rows of a case that was resumed may lie apart.
  std::vector<Record> sorted(records.begin(), records.end());
  std::stable_sort(sorted.begin(), sorted.end(),
                   [](const Record& a, const Record& b) { return a.case_index < b.case_index; });
  const Record& first = sorted.front();
  const auto torch_name = info(first.dtype).torch_name;
  std::string text;
  if (first.mode == BenchMode::kModel) {
    for (const Table& table : tables_by_model(sorted, markdown)) {
      const Record& record = table.records.front();
      text += rendered(
          fmt::format("Results {} {} TP {}", torch_name, record.model, record.tensor_parallel),
          table);
    }
  } else {
    text += rendered(fmt::format("All Results {} {}", torch_name, to_string(first.mode)),
                     {sorted, markdown, true});
  }
  return text + summary(sorted, markdown);
}

}  // namespace twofour::report
