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

/// One table: what it holds and whether the cases are rows of it or the whole of it.
struct Table {
  std::vector<Record> records;
  Medium medium = Medium::kText;
  bool sweep = false;
};

bool any_hot(std::span<const Record> records) {
  return std::any_of(records.begin(), records.end(),
                     [](const Record& r) { return r.cache.mode == CacheMode::kHot; });
}

bool is_shown(const Column& column, const Table& table) {
  const bool markdown = table.medium == Medium::kMarkdown;
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
      return markdown && table.sweep;
    case Shown::kMarkdownModel:
      return markdown && table.sweep && any([](const Record& r) { return !r.layer.empty(); });
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

Grid grid_of(const Table& table) {
  Grid grid;
  std::vector<const Column*> shown;
  std::size_t remark_column = 0;
  for (const Column& column : columns()) {
    if (!is_shown(column, table)) continue;
    if (column.heading == kTimeHeading) remark_column = shown.size();
    shown.push_back(&column);
    const bool marks = column.heading == kMarkHeading || column.heading == kVerdictHeading;
    grid.headings.push_back({.text = std::string(column.heading),
                             .align = column.align,
                             .drop = column.drop,
                             .cut = column.heading == kKernelHeading,
                             .below = column.heading == kNotesHeading,
                             .toned = marks});
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
    row.tone = tone_of(record);
    row.remark = no_result(record);
    row.remark_column = remark_column;
    row.below = flags_text(record);
    grid.rows.push_back(std::move(row));
  }
  return grid;
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
  return {case_heading(records.front(), any_hot(records)),
          grid_of({{records.begin(), records.end()}, medium, false})};
}

std::vector<std::vector<Record>> by_model(std::span<const Record> records) {
  std::vector<std::vector<Record>> tables;
  for (const Record& record : records) {
    const auto same = [&](const std::vector<Record>& table) {
      return table.front().model == record.model &&
             table.front().tensor_parallel == record.tensor_parallel;
    };
    auto table = std::find_if(tables.begin(), tables.end(), same);
    if (table == tables.end()) table = tables.insert(table, std::vector<Record>{});
    table->push_back(record);
  }
  return tables;
}

std::vector<Block> sweep_tables(std::span<const Record> records, Medium medium) {
  if (records.empty()) return {};
  const Record& first = records.front();
  const auto torch_name = info(first.dtype).torch_name;
  if (first.mode != BenchMode::kModel) {
    return {{fmt::format("All Results {}{} {}", torch_name, pattern_mark(first.pattern),
                         to_string(first.mode)),
             grid_of({{records.begin(), records.end()}, medium, true})}};
  }
  std::vector<Block> blocks;
  std::vector<std::vector<Record>> tables = by_model(records);
  for (std::vector<Record>& rows : tables) {
    const Table table{std::move(rows), medium, true};
    const Record& record = table.records.front();
    blocks.push_back({fmt::format("Results {}{} {} TP {}", torch_name, pattern_mark(first.pattern),
                                  record.model, record.tensor_parallel),
                      grid_of(table)});
  }
  return blocks;
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
