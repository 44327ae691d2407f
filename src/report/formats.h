// The output formats. A format is a file that makes bytes of runs, and a row of this table, by
// which --format and the files of a run are chosen.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

#include "core/environment.h"
#include "core/function_ref.h"
#include "core/record.h"
#include "report/display.h"
#include "report/report.h"

namespace twofour::report {

namespace html {
struct Section;
}

struct Results;

/// Takes a document piece by piece.
using Write = FunctionRef<void(std::string_view)>;

/// How a terminal shows a format for people, where that differs from what a pipe gets.
struct OnTerminal {
  std::string (*case_block)(std::span<const Record>, const Display&);
  /// What stands at the end of a run, whose cases were shown: it fits a screen.
  std::string (*summary)(std::span<const Run>, const Display&);
  std::string (*document)(std::span<const Run>, const Display&);
};

/// How a document is made row by row: begin, then of each run its opening and its rows, then end.
/// Null where there is nothing to write. Together they are Format::document() of rows that are not
/// held.
struct Pieces {
  std::string (*begin)();
  std::string (*opening)(const Environment&);
  void (*row)(const Record& record, std::string& text);  ///< appends; never null
  std::string (*end)();
};

/// What a run shows is opening(), then case_block() of each case, then, unless it goes row by row,
/// document() of itself. What `report` writes is document(), so that the two are the same.
/// opening and case_block are null where the format has nothing to show there.
struct Format {
  std::string_view name;    ///< the value of --format
  std::string_view ending;  ///< of its files, with the dot
  /// What a run can show on stdout while it measures. Others are files, with no place on a
  /// terminal.
  bool on_stdout;
  /// case_block() is asked for the rows that are new, where there are several parts of a case; else
  /// for all rows of the case.
  bool row_by_row;
  std::string (*opening)(const Environment&);
  std::string (*case_block)(std::span<const Record>);
  /// All of one or more runs, those of different devices side by side.
  std::string (*document)(std::span<const Run>);
  const OnTerminal* on_terminal = nullptr;
  /// Whether document() needs the single samples.
  bool of_samples = false;
  const Pieces* pieces = nullptr;  ///< null: document() needs all rows at once
  /// Of a format for people: document() of rows that are joined already, as a display can show it.
  void (*write)(const Results&, const Display&, Write) = nullptr;
};

std::span<const Format> formats();
/// The one that is called `name`, or null.
const Format* find_format(std::string_view name);
/// format.document(), as `display` can show it.
std::string document(const Format& format, std::span<const Run> runs, const Display& display);
/// Names of those that a run can show: "table, md, csv, jsonl".
std::string stdout_format_names();
/// Names of all.
std::string format_names();

/// What computes: the first line of the tables for people.
std::string table_opening(const Environment& environment);
std::string markdown_opening(const Environment& environment);

/// Index, label, sub-label, then a row per kernel, for people: as text, and as Markdown.
std::string table_case(std::span<const Record> records);
std::string table_case_on(std::span<const Record> records, const Display& display);
std::string markdown_case(std::span<const Record> records);

/// For each device and --dtype "== All Results ... ====" once, or for model_bench one table per
/// model and TP size under "== Results ... ====", then what follows from them and the answer. Where
/// several devices measured the same cases, a table has them side by side. Empty without rows.
std::string table_document(std::span<const Run> runs);
/// On a terminal, of more than kMostRowsOnTerminal rows, table_summary_of() and a line that says
/// so.
void write_table(const Results& results, const Display& display, Write write);
inline constexpr std::size_t kMostRowsOnTerminal = 20000;
std::string table_document_on(std::span<const Run> runs, const Display& display);
/// The same with a table of layers by M in place of all rows.
std::string table_summary_on(std::span<const Run> runs, const Display& display);
std::string table_summary_of(const Results& results, const Display& display);

/// For a pull request: the answer, then a table of at most 8 columns, then details, folded.
/// Of more rows than a pull request takes, fewer, and a line that says so.
std::string markdown_document(std::span<const Run> runs);
std::string markdown_document(const Results& results);

/// A header line and one line per record, quoted as in RFC 4180. Lines end in LF alone.
std::string csv(std::span<const Record> records);
/// The line of one of them.
void append_csv_row(const Record& record, std::string& text);
std::string csv_document(std::span<const Run> runs);

/// The lines of a .jsonl, newlines included: environment_json(), and record_json() of each.
std::string jsonl_opening(const Environment& environment);
std::string jsonl_rows(std::span<const Record> records);
std::string jsonl_document(std::span<const Run> runs);

/// A pickle (protocol 2) of a list of torch.utils.benchmark.utils.common.Measurement, one per
/// measured record, as vLLM's sparse_benchmarks.py wrote it. Records with a time that is not finite
/// are left out.
std::string pickle(std::span<const Record> records);
std::string pickle_document(std::span<const Run> runs);
/// The same piece by piece: its begin, then each record, then its end.
std::string pickle_begin();
std::string pickle_rows(std::span<const Record> records);
std::string pickle_end();

/// A page in one file that opens offline, prints, and works without JavaScript: first the answer,
/// then pictures, then all rows, what they ran on, and how to read it. Devices are shown beside one
/// another. It has quantiles of the samples, not all of them. html/page.h has its parts. Of more
/// than kMostRowsOfAPage rows, pictures and table have those of some cases, at even distances, and
/// the page says so; the answer is of all.
std::string html_document(std::span<const Run> runs);
inline constexpr std::size_t kMostRowsOfAPage = 20000;
/// The same with one more section behind the answer (html/page.h). `most_rows`: for tests.
std::string html_document(const Results& results, const html::Section& more,
                          std::size_t most_rows = kMostRowsOfAPage);

}  // namespace twofour::report
