// The lines of a .jsonl: records and environment to JSON and back. formats.h has the other formats.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/environment.h"
#include "core/record.h"

namespace twofour::report {

/// One line of JSON without the newline (docs/records.md, schema/record.schema.json), of the schema
/// version that the value has. Numbers that are not finite become null.
std::string environment_json(const Environment& environment);
std::string record_json(const Record& record);

/// The inverse; null in the place of a number becomes NaN. Lines of every schema version up to
/// kSchemaVersion are read, and the value keeps the version of its line: a run that goes on with a
/// file can so refuse an earlier one. Throw std::invalid_argument naming the field, its value and
/// what is allowed.
Environment parse_environment_json(std::string_view line);
Record parse_record_json(std::string_view line);

/// What a line of a .jsonl is: its member "type" ("environment", "record", "attempt"). Throws
/// std::invalid_argument where it has none.
std::string line_type(std::string_view line);

/// The rows of a result file that were measured under one environment.
struct Run {
  std::string source;  ///< name of the file, for people
  Environment environment;
  std::vector<Record> records;
  std::size_t attempts = 0;  ///< lines that are no results: searches that ended a process
  bool cut = false;  ///< the file's last line has no end: its writer was stopped, or is at work
};

/// Whether records keep their single samples, which are most of them and which few need.
enum class KeepSamples : std::uint8_t {
  kYes,
  kOnDevice,  ///< those of the host go
  kNo,
};

/// Those that are not to be kept go.
void drop_samples(Record& record, KeepSamples keep = KeepSamples::kNo);

/// What becomes of the runs and rows of a file as they are read. Without `row`, each row goes to
/// the end of its run's records.
struct TakeRows {
  std::function<void(const Run& run)> begin;  ///< a run begins; empty: nothing is done
  /// A row of the run that began last.
  std::function<void(const Run& run, Record&& record)> row;
};

/// What parse_runs() does, line by line, so that a file need not be in memory.
class RunsParser {
 public:
  explicit RunsParser(std::string_view source, KeepSamples keep = KeepSamples::kYes,
                      TakeRows take = {})
      : source_(source), keep_(keep), take_(std::move(take)) {}
  /// The next line, without its newline.
  void line(std::string_view text);
  /// `cut`: there was a last line without an end.
  std::vector<Run> finish(bool cut);

 private:
  std::string source_;
  KeepSamples keep_;
  TakeRows take_;
  int number_ = 0;
  std::vector<Run> runs_;
};

/// Reads the bytes of a .jsonl: one Run for each environment line, of which it has more than one
/// where a run was gone on with on a machine that had changed. A last line without a newline was
/// not finished and is left out, as are lines that are no results ("attempt"). A record of version
/// 1, which does not say what computed, has the device of its environment. Throws
/// std::invalid_argument naming the line, the field, its value and what is allowed.
std::vector<Run> parse_runs(std::string_view source, std::string_view bytes);

}  // namespace twofour::report
