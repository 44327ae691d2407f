#include "app/sinks.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <string_view>
#include <system_error>

#include "app/standard_streams.h"
#include "core/streams.h"
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

void TerminalSink::environment(const Environment& environment) {
  if (format_.opening != nullptr) write_to_stdout(format_.opening(environment));
}

void TerminalSink::go_on(const Environment& environment) {
  if (!format_.row_by_row) this->environment(environment);
}

void TerminalSink::row(const Record& record) {
  if (format_.row_by_row && format_.case_block != nullptr)
    write_to_stdout(format_.case_block({&record, 1}));
}

void TerminalSink::case_end(std::span<const Record> rows) {
  if (!format_.row_by_row && format_.case_block != nullptr)
    write_to_stdout(format_.case_block(rows));
}

void TerminalSink::finish(std::span<const Record> records) {
  if (before_closing_) before_closing_();
  if (format_.closing != nullptr) write_to_stdout(format_.closing(records));
}

}  // namespace twofour::app
