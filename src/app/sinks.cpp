#include "app/sinks.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <numeric>
#include <string_view>
#include <system_error>

#include "app/result_files.h"
#include "app/standard_streams.h"
#include "core/streams.h"
#include "decide/formats.h"
#include "report/attempt.h"
#include "report/report.h"

namespace twofour::app {
namespace {

[[noreturn]] void fail(const std::filesystem::path& file, int error) {
  throw CannotWrite(
      fmt::format("cannot write '{}': {}", file.string(), std::generic_category().message(error)));
}

/// Part of a file would be taken for all of it, so it goes where it cannot be written to its end.
void write_file(const std::filesystem::path& file, std::string_view bytes) {
  const int number = open(file.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  if (number < 0) fail(file, errno);
  int error = write_all(number, bytes);
  // A file system may be full, or a server gone, only now.
  if (close(number) != 0 && error == 0) error = errno;
  if (error == 0) return;
  std::error_code ignored;
  if (std::filesystem::is_regular_file(file, ignored)) std::filesystem::remove(file, ignored);
  fail(file, error);
}

}  // namespace

void JsonlSink::environment(const Environment& environment) {
  file_.append(report::environment_json(environment));
}

void JsonlSink::row(const Record& record) { file_.append(report::record_json(record)); }

void JsonlSink::attempt(const EndedAttempt& attempt) {
  file_.append(report::attempt_json(attempt));
}

void JsonlSink::finish(std::span<const Record> /*records*/) { file_.sync(); }

void FileSink::finish(std::span<const Record> records) { write_file(file_, render_(records)); }

void PageSink::finish(std::span<const Record> /*records*/) {
  const std::vector<std::string> files{jsonl_.string()};
  write_output(page_.string(), decide::html_document(read_result_files(files), question_));
}

void DispatchSink::finish(std::span<const Record> /*records*/) {
  const std::vector<std::string> files{jsonl_.string()};
  write_output(table_.string(), decide::dispatch_document(read_result_files(files)));
}

void TerminalSink::environment(const Environment& environment) {
  runs_.push_back({.source = {}, .environment = environment, .records = {}});
  rows_.push_back(0);
  if (format_.opening != nullptr) write_to_stdout(format_.opening(environment));
}

void TerminalSink::go_on(const Environment& environment) {
  if (format_.row_by_row || format_.opening == nullptr) return;
  write_to_stdout(format_.opening(environment));
}

void TerminalSink::row(const Record& record) {
  if (!rows_.empty()) ++rows_.back();
  if (format_.row_by_row && format_.case_block != nullptr) {
    write_to_stdout(format_.case_block({&record, 1}));
  }
}

void TerminalSink::attempt(const EndedAttempt& /*attempt*/) {
  if (!runs_.empty()) ++runs_.back().attempts;
}

void TerminalSink::case_end(std::span<const Record> rows) {
  if (format_.row_by_row || format_.case_block == nullptr) return;
  const report::OnTerminal* const terminal = format_.on_terminal;
  write_to_stdout(terminal != nullptr ? terminal->case_block(rows, display_)
                                      : format_.case_block(rows));
}

/// `records` are all rows: those of an earlier part come first.
std::vector<report::Run> TerminalSink::with_rows(std::span<const Record> records) const {
  std::vector<report::Run> runs = runs_;
  const std::size_t mine = std::accumulate(rows_.begin(), rows_.end(), std::size_t{0});
  if (runs.empty() || mine > records.size()) return runs;
  std::size_t begin = 0;
  for (std::size_t i = 0; i < runs.size(); ++i) {
    const std::size_t count = rows_[i] + (i == 0 ? records.size() - mine : 0);
    const auto rows = records.subspan(begin, count);
    runs[i].records.assign(rows.begin(), rows.end());
    begin += count;
  }
  return runs;
}

void TerminalSink::finish(std::span<const Record> records) {
  if (before_closing_) before_closing_();
  if (format_.row_by_row) return;
  const std::vector<report::Run> runs = with_rows(records);
  if (format_.on_terminal != nullptr && display_.width > 0) {
    write_to_stdout(format_.on_terminal->summary(runs, display_));
    return write_to_stdout(decide::table(runs, question_, display_, decide::Length::kBrief));
  }
  write_to_stdout(decide::document(format_, runs, display_, question_));
}

}  // namespace twofour::app
