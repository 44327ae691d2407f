#include "app/result_files.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <string>
#include <system_error>
#include <utility>

#include "report/formats.h"
#include "report/report.h"

namespace twofour::app {
namespace {

[[noreturn]] void fail(const std::filesystem::path& file, int error) {
  throw std::runtime_error(
      fmt::format("cannot write '{}': {}", file.string(), std::generic_category().message(error)));
}

void write_all(int descriptor, std::string_view bytes, const std::filesystem::path& file) {
  while (!bytes.empty()) {
    const ssize_t written = write(descriptor, bytes.data(), bytes.size());
    if (written < 0) {
      if (errno == EINTR) continue;
      const int error = errno;
      close(descriptor);
      fail(file, error);
    }
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
}

void write_file(const std::filesystem::path& file, std::string_view bytes, int flags) {
  const int descriptor = open(file.c_str(), flags | O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
  if (descriptor < 0) fail(file, errno);
  write_all(descriptor, bytes, file);
  if (close(descriptor) != 0) fail(file, errno);
}

}  // namespace

ResultFiles::ResultFiles(const std::filesystem::path& directory, std::string_view mode,
                         DataType dtype, const Environment& environment) {
  std::filesystem::create_directories(directory);
  const auto name = [&](int attempt) {
    return directory / fmt::format("{}-{}-{}.jsonl", mode, info(dtype).torch_name,
                                   environment.started_unix_s + attempt);
  };
  // Two runs in one second must not write into one file: the later one takes the next free second.
  int attempt = 0;
  while (std::filesystem::exists(name(attempt))) ++attempt;
  jsonl_ = name(attempt);
  append_line(report::environment_json(environment));
}

ResultFiles::ResultFiles(std::filesystem::path jsonl) : jsonl_(std::move(jsonl)) {
  // A line that the earlier run could not finish would swallow the first new one.
  std::ifstream stream(jsonl_, std::ios::binary);
  std::ostringstream bytes;
  bytes << stream.rdbuf();
  const std::string text = bytes.str();
  const std::size_t complete = text.rfind('\n') + 1;
  if (complete < text.size()) std::filesystem::resize_file(jsonl_, complete);
}

void ResultFiles::append_line(std::string_view line) {
  write_file(jsonl_, std::string(line) + "\n", O_APPEND);
}

void ResultFiles::append(std::span<const Record> records) {
  for (const Record& record : records) append_line(report::record_json(record));
}

void ResultFiles::finish(std::span<const Record> records) const {
  std::filesystem::path file = jsonl_;
  write_file(file.replace_extension(".csv"), report::csv(records), O_TRUNC);
  write_file(file.replace_extension(".pkl"), report::pickle(records), O_TRUNC);
}

report::Results read_jsonl(const std::filesystem::path& file) {
  std::ifstream stream(file, std::ios::binary);
  if (!stream) throw std::invalid_argument(fmt::format("cannot read '{}'", file.string()));
  std::ostringstream bytes;
  bytes << stream.rdbuf();
  try {
    return report::parse_results(bytes.str());
  } catch (const std::invalid_argument& error) {
    throw std::invalid_argument(fmt::format("'{}' {}", file.string(), error.what()));
  }
}

}  // namespace twofour::app
