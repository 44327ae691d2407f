// The output formats. A format is a file that makes bytes of records, and a row of this table,
// which
// --format and the files of a run are chosen by.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "core/environment.h"
#include "core/record.h"

namespace twofour::report {

/// What a run shows is opening(), then case_block() of each case, then closing() of all records.
/// Functions are null where the format has nothing to show there.
struct Format {
  std::string_view name;    ///< the value of --format
  std::string_view ending;  ///< of its files, with the dot
  /// What a run can show on stdout while it measures.
  bool on_stdout;
  /// case_block() is asked for the rows that are new, where there are several parts of a case; else
  /// for all rows of the case.
  bool row_by_row;
  std::string (*opening)(const Environment&);
  std::string (*case_block)(std::span<const Record>);
  std::string (*closing)(std::span<const Record>);
};

std::span<const Format> formats();
/// The one that is called `name`, or null.
const Format* find_format(std::string_view name);
/// Names of those that a run can show: "table, md, csv, jsonl".
std::string stdout_format_names();

/// All of a finished run.
std::string document(const Format& format, const Environment& environment,
                     std::span<const Record> records);

/// What computes: the first line of the tables for people.
std::string table_opening(const Environment& environment);
std::string markdown_opening(const Environment& environment);

/// Index, label, sub-label, then a row per kernel, for people: as text, and as Markdown.
std::string table_case(std::span<const Record> records);
std::string markdown_case(std::span<const Record> records);

/// After the sweep: "== All Results ... ====" once, or for model_bench one table per model and TP
/// size under "== Results ... ====" (in Markdown, headings of the same words), then the summary.
/// Empty without records.
std::string table_closing(std::span<const Record> records);
std::string markdown_closing(std::span<const Record> records);

/// A header line and one line per record, quoted as in RFC 4180. Lines end in LF alone.
std::string csv(std::span<const Record> records);

/// The lines of a .jsonl, newlines included: environment_json(), and record_json() of each.
std::string jsonl_opening(const Environment& environment);
std::string jsonl_rows(std::span<const Record> records);

/// A pickle (protocol 2) of a list of torch.utils.benchmark.utils.common.Measurement, one per
/// measured record, as vLLM's sparse_benchmarks.py wrote it. Records with a time that is not finite
/// are left out.
std::string pickle(std::span<const Record> records);

}  // namespace twofour::report
