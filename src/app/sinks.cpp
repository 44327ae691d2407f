#include "app/sinks.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <stdexcept>
#include <string_view>
#include <system_error>

#include "app/result_files.h"
#include "report/attempt.h"
#include "report/report.h"

namespace twofour::app {
namespace {

void print(std::string_view text) {
  (void)std::fwrite(text.data(), 1, text.size(), stdout);
  (void)std::fflush(stdout);
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

void PageSink::finish(std::span<const Record> /*records*/) {
  const std::vector<std::string> files{jsonl_.string()};
  write_output(page_.string(), report::html_document(read_result_files(files)));
}

void TerminalSink::environment(const Environment& environment) {
  runs_.push_back({.source = {}, .environment = environment, .records = {}});
  if (format_.opening != nullptr) print(format_.opening(environment));
}

void TerminalSink::row(const Record& record) {
  if (!runs_.empty()) runs_.back().records.push_back(record);
  if (format_.row_by_row && format_.case_block != nullptr) print(format_.case_block({&record, 1}));
}

void TerminalSink::attempt(const EndedAttempt& /*attempt*/) {
  if (!runs_.empty()) ++runs_.back().attempts;
}

void TerminalSink::case_end(std::span<const Record> rows) {
  if (format_.row_by_row || format_.case_block == nullptr) return;
  const report::OnTerminal* const terminal = format_.on_terminal;
  print(terminal != nullptr ? terminal->case_block(rows, display_) : format_.case_block(rows));
}

/// `records` are all rows: those of an earlier part come first.
std::vector<report::Run> TerminalSink::with_rows(std::span<const Record> records) const {
  std::vector<report::Run> runs = runs_;
  std::size_t mine = 0;
  for (const report::Run& run : runs) mine += run.records.size();
  if (runs.empty() || mine > records.size()) return runs;
  std::vector<Record>& first = runs.front().records;
  const auto earlier = records.first(records.size() - mine);
  first.insert(first.begin(), earlier.begin(), earlier.end());
  return runs;
}

void TerminalSink::finish(std::span<const Record> records) {
  if (format_.row_by_row) return;
  const std::vector<report::Run> runs = with_rows(records);
  if (format_.on_terminal != nullptr && display_.width > 0) {
    return print(format_.on_terminal->summary(runs, display_));
  }
  print(report::document(format_, runs, display_));
}

}  // namespace twofour::app
