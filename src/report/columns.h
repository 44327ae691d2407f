// The one list of columns. A line of it serves the terminal table, Markdown, CSV, or several of
// them.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "core/record.h"
#include "report/grid.h"

namespace twofour::report {

/// In which tables a column with a heading is.
enum class Shown {
  kAlways,
  kHot,            ///< where a row is of a hot measurement: cold alone needs no word
  kBf16,           ///< where a row was compared with bf16
  kPlainText,      ///< not in Markdown
  kMarkdown,       ///< only there
  kMarkdownSweep,  ///< in Markdown after the sweep, where plain text has a line between cases
  kMarkdownModel,  ///< the same, for model_bench
};

struct Column {
  std::string_view name;                ///< in the CSV header, with its unit; empty: not in CSV
  std::string (*value)(const Record&);  ///< for CSV: all digits; empty where there is none
  std::string_view heading;             ///< of the table; may be empty
  std::string (*cell)(const Record&);   ///< for tables; null: not in tables
  Align align = Align::kLeft;
  Shown shown = Shown::kAlways;
};

std::span<const Column> columns();

/// What stands in the place of a time: "skipped: needs 9.25 GiB, ..."; empty for a measured row.
std::string no_result(const Record& record);

}  // namespace twofour::report
