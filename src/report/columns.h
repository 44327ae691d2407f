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
  kSustained,      ///< where a row was measured under sustained load
  kEnergy,         ///< where a row has joules
  kRoundEnergy,    ///< where a row has joules of ordinary rounds
  kClock,          ///< where a row has the effective clock of a GPU, but not in Markdown
  kPlainText,      ///< not in Markdown
  kMarkdownSweep,  ///< in Markdown after the sweep, where plain text has a line between cases
  kMarkdownModel,  ///< the same, for model_bench
};

struct Column {
  std::string_view heading;            ///< may be empty
  std::string (*cell)(const Record&);  ///< empty where there is nothing to show
  std::string_view field;              ///< path of what it shows; empty: it follows from several
  Align align = Align::kLeft;
  Shown shown = Shown::kAlways;
  /// Where a terminal is too narrow for all, the column with the highest number goes first. 0: it
  /// stays, because it decides.
  int drop = 0;
};

/// Headings of the columns that may be cut, or stand on a line of their own.
inline constexpr std::string_view kKernelHeading = "kernel";
inline constexpr std::string_view kNotesHeading = "notes";
/// Headings of the columns that are coloured.
inline constexpr std::string_view kMarkHeading = "";
inline constexpr std::string_view kVerdictHeading = "verdict";

/// The heading of the column where the reason of a row without a time begins.
inline constexpr std::string_view kTimeHeading = "time (mean +/- std), s";

std::span<const Column> columns();

/// Good where a 2:4 row is faster than the best dense one, bad where it is slower.
Tone tone_of(const Record& record);

/// "1.312x [1.298, 1.330]"; empty without a ratio.
std::string vs_dense_text(const Record& record);

/// The verdict of a 2:4 row, or "baseline"; may be empty.
std::string verdict_text(const Record& record);

/// The names of its flags, separated by spaces.
std::string flags_text(const Record& record);

/// Flags and padding, separated by spaces, behind no_result().
std::string notes_text(const Record& record);

/// What stands in the place of a time: "skipped: needs 9.25 GiB, ..."; empty for a measured row.
std::string no_result(const Record& record);

}  // namespace twofour::report
