#include "app/sinks.h"

#include "app/standard_streams.h"
#include "report/attempt.h"
#include "report/report.h"

namespace twofour::app {

void JsonlSink::environment(const Environment& environment) {
  file_.append(report::environment_json(environment));
}

void JsonlSink::row(const Record& record) { file_.append(report::record_json(record)); }

void JsonlSink::attempt(const EndedAttempt& attempt) {
  file_.append(report::attempt_json(attempt));
}

void JsonlSink::finish() { file_.sync(); }

void TerminalSink::environment(const Environment& environment) {
  if (format_.opening != nullptr) write_to_stdout(format_.opening(environment));
}

void TerminalSink::go_on(const Environment& environment) {
  if (format_.row_by_row || format_.opening == nullptr) return;
  write_to_stdout(format_.opening(environment));
}

void TerminalSink::row(const Record& record) {
  if (format_.row_by_row && format_.case_block != nullptr) {
    write_to_stdout(format_.case_block({&record, 1}));
  }
}

void TerminalSink::case_end(std::span<const Record> rows) {
  if (format_.row_by_row || format_.case_block == nullptr) return;
  const report::OnTerminal* const terminal = format_.on_terminal;
  write_to_stdout(terminal != nullptr ? terminal->case_block(rows, display_)
                                      : format_.case_block(rows));
}

}  // namespace twofour::app
