#include "app/sinks.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <stdexcept>
#include <string_view>
#include <system_error>

#include "app/result_stream.h"
#include "report/attempt.h"
#include "report/report.h"

namespace twofour::app {
namespace {

void print(std::string_view text) {
  (void)std::fwrite(text.data(), 1, text.size(), results());
  (void)std::fflush(results());
}

[[noreturn]] void fail(const std::filesystem::path& file) {
  throw std::runtime_error(
      fmt::format("cannot write '{}': {}", file.string(), std::generic_category().message(errno)));
}

void write_file(const std::filesystem::path& file, std::string_view bytes) {
  const run::Descriptor descriptor(
      open(file.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644));
  if (descriptor.get() < 0) fail(file);
  while (!bytes.empty()) {
    const ssize_t written = write(descriptor.get(), bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) fail(file);
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
}

}  // namespace

void JsonlSink::environment(const Environment& environment) {
  file_.append(report::environment_json(environment));
}

void JsonlSink::row(const Record& record) { file_.append(report::record_json(record)); }

void JsonlSink::attempt(const EndedAttempt& attempt) {
  file_.append(report::attempt_json(attempt));
}

void FileSink::finish(std::span<const Record> records) { write_file(file_, render_(records)); }

void TerminalSink::environment(const Environment& environment) {
  if (format_.opening != nullptr) print(format_.opening(environment));
}

void TerminalSink::go_on(const Environment& environment) {
  if (!format_.row_by_row) this->environment(environment);
}

void TerminalSink::row(const Record& record) {
  if (format_.row_by_row && format_.case_block != nullptr) print(format_.case_block({&record, 1}));
}

void TerminalSink::case_end(std::span<const Record> rows) {
  if (!format_.row_by_row && format_.case_block != nullptr) print(format_.case_block(rows));
}

void TerminalSink::finish(std::span<const Record> records) {
  if (format_.closing != nullptr) print(format_.closing(records));
}

}  // namespace twofour::app
