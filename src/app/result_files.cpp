#include "app/result_files.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <system_error>

#include "app/command.h"
#include "app/standard_streams.h"
#include "core/streams.h"

namespace twofour::app {
namespace {

namespace fs = std::filesystem;

std::string last_error() { return std::generic_category().message(errno); }

}  // namespace

bool read_lines(const std::string& file, FunctionRef<void(std::string_view)> take) {
  // A folder opens, and reads as nothing.
  if (fs::is_directory(file)) throw UsageError(fmt::format("'{}' is a directory", file));
  std::ifstream stream(file, std::ios::binary);
  if (!stream) throw UsageError(fmt::format("cannot read '{}': {}", file, last_error()));
  std::string line;
  while (std::getline(stream, line)) {
    if (stream.eof()) return true;
    take(line);
  }
  if (stream.bad()) throw UsageError(fmt::format("cannot read '{}': {}", file, last_error()));
  return false;
}

std::vector<report::Run> read_result_files(std::span<const std::string> files,
                                           report::KeepSamples keep) {
  std::vector<report::Run> all;
  for (const std::string& file : files) {
    try {
      report::RunsParser parser(file, keep);
      const bool cut = read_lines(file, [&](std::string_view line) { parser.line(line); });
      std::vector<report::Run> runs = parser.finish(cut);
      std::move(runs.begin(), runs.end(), std::back_inserter(all));
    } catch (const std::invalid_argument& error) {
      throw UsageError(fmt::format("'{}' {}", file, error.what()));
    }
  }
  return all;
}

void write_output(const std::optional<std::string>& file, std::string_view bytes) {
  if (!file) return write_to_stdout(bytes);
  // A device or a pipe is written as it is: it cannot be put in another's place.
  const bool in_place = fs::exists(*file) && !fs::is_regular_file(*file);
  const std::string written = in_place ? *file : *file + ".new";
  const int number = open(written.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  int error = number < 0 ? errno : write_all(number, bytes);
  // A file system may be full, or a server gone, only now.
  if (number >= 0 && close(number) != 0 && error == 0) error = errno;
  if (error == 0 && !in_place && std::rename(written.c_str(), file->c_str()) != 0) error = errno;
  if (error == 0) return;
  if (!in_place) (void)std::remove(written.c_str());
  throw CannotWrite(
      fmt::format("cannot write '{}': {}", *file, std::generic_category().message(error)));
}

}  // namespace twofour::app
