// The columns of the tables for people. A line of the list serves the terminal table, Markdown, or
// both; the .csv has a column for each field instead (field.h).
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "core/record.h"
#include "report/grid.h"

namespace twofour::report {

/// In which tables a column is.
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
  std::string_view heading;            ///< may be empty
  std::string (*cell)(const Record&);  ///< empty where there is nothing to show
  std::string_view field;              ///< path of what it shows; empty: it follows from several
  Align align = Align::kLeft;
  Shown shown = Shown::kAlways;
};

/// The heading of the column where the reason of a row without a time begins.
inline constexpr std::string_view kTimeHeading = "time (mean +/- std), s";

std::span<const Column> columns();

/// What stands in the place of a time: "skipped: needs 9.25 GiB, ..."; empty for a measured row.
std::string no_result(const Record& record);

}  // namespace twofour::report
