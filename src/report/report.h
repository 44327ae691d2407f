// Records to bytes: pure functions, one per format. columns.h is the one list of columns that the
// table, Markdown and CSV read.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "core/environment.h"
#include "core/record.h"

namespace twofour::report {

/// One line of JSON without the newline (docs/records.md, schema/record.schema.json). Numbers that
/// are not finite become null.
std::string environment_json(const Environment& environment);
std::string record_json(const Record& record);

/// The inverse; null in the place of a number becomes NaN. Throw std::invalid_argument naming the
/// field, its value and what is allowed.
Environment parse_environment_json(std::string_view line);
Record parse_record_json(std::string_view line);

enum class TextFormat { kTable, kMarkdown, kCsv, kJsonl };

/// What stdout shows after each case, given the records of that case. kTable and kMarkdown: index,
/// label, sub-label, then a row per kernel. kJsonl: the lines that the .jsonl gained, newlines
/// included. kCsv: nothing, since the rows come with final_tables().
std::string case_block(std::span<const Record> records, TextFormat format);

/// Everything after the sweep, given all its records. kTable and kMarkdown: "== All Results ...
/// ====" once, or for model_bench one table per model and TP size under "== Results ... ====" (in
/// Markdown, headings of the same words), then the summary. kCsv: csv(). kJsonl: nothing. So what
/// stdout shows in all is the .csv file for kCsv, and for kJsonl the .jsonl file but for its first
/// line, environment_json().
std::string final_tables(std::span<const Record> records, TextFormat format);

/// A header line and one line per record, quoted as in RFC 4180. Lines end in LF alone.
std::string csv(std::span<const Record> records);

/// A pickle (protocol 2) of a list of torch.utils.benchmark.utils.common.Measurement, one per
/// measured record, as vLLM's sparse_benchmarks.py wrote it. Records with a time that is not finite
/// are left out.
std::string pickle(std::span<const Record> records);

}  // namespace twofour::report
