#include "report/layout.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <utility>

#include "report/answer.h"
#include "report/columns.h"
#include "report/left_out.h"
#include "report/pattern_text.h"
#include "report/real_weights.h"
#include "report/sustained.h"

namespace twofour::report {
namespace {

using Rows = std::span<const Record* const>;

bool any_hot(Rows records) {
  return std::any_of(records.begin(), records.end(),
                     [](const Record* r) { return r->cache.mode == CacheMode::kHot; });
}

/// `sweep`: the cases are rows of the table, not the whole of it.
bool is_shown(const Column& column, Rows records, Medium medium, bool sweep) {
  const bool markdown = medium == Medium::kMarkdown;
  const auto any = [&](auto holds) {
    return std::any_of(records.begin(), records.end(), [&](const Record* r) { return holds(*r); });
  };
  switch (column.shown) {
    case Shown::kAlways:
      return true;
    case Shown::kHot:
      return any_hot(records);
    case Shown::kBf16:
      return any([](const Record& r) { return !r.bf16_baseline.empty(); });
    case Shown::kSustained:
      return any([](const Record& r) { return r.sustained.has_value(); });
    case Shown::kEnergy:
      return any([](const Record& r) { return launch_joules(r).has_value(); });
    case Shown::kRoundEnergy:
      return any([](const Record& r) { return r.energy && r.energy->launch_j; });
    case Shown::kClock:
      return !markdown &&
             any([](const Record& r) { return r.clocks.effective_sm_mhz.has_value(); });
    case Shown::kPlainText:
      return !markdown;
    case Shown::kMarkdownSweep:
      return markdown && sweep;
    case Shown::kMarkdownModel:
      return markdown && sweep && any([](const Record& r) { return !r.layer.empty(); });
  }
  return false;
}

std::vector<const Record*> pointers_to(std::span<const Record> records) {
  std::vector<const Record*> pointers;
  pointers.reserve(records.size());
  for (const Record& record : records) pointers.push_back(&record);
  return pointers;
}

/// The columns of a table, and where a remark stands in the place of the later ones.
std::vector<const Column*> shown_columns(Rows records, Medium medium, bool sweep,
                                         std::size_t& remark_column) {
  std::vector<const Column*> shown;
  for (const Column& column : columns()) {
    if (!is_shown(column, records, medium, sweep)) continue;
    if (column.heading == kTimeHeading) remark_column = shown.size();
    shown.push_back(&column);
  }
  return shown;
}

std::vector<Grid::Heading> headings_of(const std::vector<const Column*>& columns) {
  std::vector<Grid::Heading> headings;
  for (const Column* column : columns) {
    const bool marks = column->heading == kMarkHeading || column->heading == kVerdictHeading;
    headings.push_back({.text = std::string(column->heading),
                        .align = column->align,
                        .drop = column->drop,
                        .cut = column->heading == kKernelHeading,
                        .below = column->heading == kNotesHeading,
                        .toned = marks});
  }
  return headings;
}

Grid::Row row_of(const Record& record, const std::vector<const Column*>& columns,
                 std::size_t remark_column) {
  Grid::Row row;
  row.cells.reserve(columns.size());
  for (const Column* column : columns) row.cells.push_back(column->cell(record));
  row.tone = tone_of(record);
  row.remark = no_result(record);
  row.remark_column = remark_column;
  row.below = flags_text(record);
  return row;
}

/// "[0]  scaled-torch.int8-gemm | MKN=(1x4096x6144) | qkv of meta-llama/Llama-3-8b, TP 1".
/// With `show_residency`, the warning that a hot ratio compares cache with memory.
std::string case_heading(const Record& record, bool show_residency) {
  std::string text =
      fmt::format("[{}]  {} | {}", record.case_index, label(record), sub_label(record));
  if (!record.model.empty()) {
    text += fmt::format(" | {} of {}, TP {}", record.layer, record.model, record.tensor_parallel);
    if (record.experts) text += fmt::format(", {} experts in each launch", *record.experts);
    // An expert sees some of the tokens: without their number its M would be taken for it.
    if (record.tokens && *record.tokens != record.problem.shape.m) {
      text += fmt::format(", {} tokens", *record.tokens);
    }
  }
  if (show_residency && record.cache.residency == Residency::kCliff) {
    text += of_pattern(" | cliff: in cache fit the 2:4 weights alone", record.pattern);
  }
  return text;
}

/// "NVIDIA H200 (cuda)".
std::string device_name(const DeviceId& id) {
  const std::string_view name = id.name.empty() ? "unknown device" : std::string_view(id.name);
  return fmt::format("{} ({})", name, to_string(id.kind));
}

/// The devices that computed `records`, each once, as the start of a sentence; empty: not known.
std::string measured_on(std::span<const Record> records) {
  std::vector<std::string> names;
  for (const Record& record : records) {
    if (!record.device) continue;
    std::string name = device_name(*record.device);
    if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
  }
  return names.empty() ? "" : fmt::format("{}: ", fmt::join(names, ", "));
}

}  // namespace

std::string device_text(const DeviceInfo& device) {
  std::string text = device_name(device.id);
  if (!device.architecture.empty()) text += ", " + device.architecture;
  if (device.id.kind == DeviceKind::kCpu) {
    text += fmt::format(", {} thread{}", device.threads, device.threads == 1 ? "" : "s");
  }
  return text;
}

Block case_table(std::span<const Record> records, Medium medium) {
  const std::vector<const Record*> rows = pointers_to(records);
  std::size_t remark_column = 0;
  const std::vector<const Column*> columns = shown_columns(rows, medium, false, remark_column);
  Block block{case_heading(records.front(), any_hot(rows)), {.headings = headings_of(columns)}};
  for (const Record& record : records) {
    block.grid.rows.push_back(row_of(record, columns, remark_column));
  }
  return block;
}

LongTable::LongTable(std::string title, std::vector<const Record*> records, Medium medium)
    : title_(std::move(title)),
      records_(std::move(records)),
      columns_(shown_columns(records_, medium, true, remark_column_)),
      headings_(headings_of(columns_)),
      hot_(any_hot(records_)) {}

Grid LongTable::piece(std::size_t begin, std::size_t most) const {
  Grid grid{.headings = headings_};
  for (std::size_t i = begin; i < records_.size() && i - begin < most; ++i) {
    const Record& record = *records_[i];
    if (i == 0 || records_[i - 1]->case_index != record.case_index) {
      grid.rows.push_back({.section = case_heading(record, hot_)});
    }
    grid.rows.push_back(row_of(record, columns_, remark_column_));
  }
  return grid;
}

std::vector<std::vector<const Record*>> by_model(std::span<const Record> records) {
  std::vector<std::vector<const Record*>> tables;
  for (const Record& record : records) {
    const auto same = [&](const std::vector<const Record*>& table) {
      return table.front()->model == record.model &&
             table.front()->tensor_parallel == record.tensor_parallel;
    };
    // Rows of one model come one behind another.
    auto table = !tables.empty() && same(tables.back())
                     ? tables.end() - 1
                     : std::find_if(tables.begin(), tables.end(), same);
    if (table == tables.end()) table = tables.insert(table, std::vector<const Record*>{});
    table->push_back(&record);
  }
  return tables;
}

std::vector<LongTable> sweep_tables(std::span<const Record> records, Medium medium) {
  if (records.empty()) return {};
  const Record& first = records.front();
  const auto torch_name = info(first.dtype).torch_name;
  std::vector<LongTable> tables;
  if (first.mode != BenchMode::kModel) {
    tables.emplace_back(fmt::format("All Results {}{} {}", torch_name, pattern_mark(first.pattern),
                                    to_string(first.mode)),
                        pointers_to(records), medium);
    return tables;
  }
  for (std::vector<const Record*>& rows : by_model(records)) {
    const Record& record = *rows.front();
    std::string title =
        fmt::format("Results {}{} {} TP {}", torch_name, pattern_mark(first.pattern), record.model,
                    record.tensor_parallel);
    tables.emplace_back(std::move(title), std::move(rows), medium);
  }
  return tables;
}

Conclusion conclude(std::span<const Record> records, std::string_view win_mark) {
  std::vector<std::string> counts = verdict_counts(records);
  for (std::string& line : rows_without_result(records)) counts.push_back(std::move(line));
  return {std::move(counts),
          geometric_means(records),
          sustained_table(records),
          real_weights_table(records),
          real_weights_text(records),
          legend(records, win_mark),
          measured_on(records) + answer(records)};
}

}  // namespace twofour::report
