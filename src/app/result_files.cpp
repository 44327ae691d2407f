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
#include <utility>

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

std::vector<report::Run> scan_result_files(std::span<const std::string> files,
                                           report::KeepSamples keep, const report::TakeRows& take) {
  std::vector<report::Run> all;
  for (const std::string& file : files) {
    try {
      report::RunsParser parser(file, keep, take);
      const bool cut = read_lines(file, [&](std::string_view line) { parser.line(line); });
      std::vector<report::Run> runs = parser.finish(cut);
      std::move(runs.begin(), runs.end(), std::back_inserter(all));
    } catch (const std::invalid_argument& error) {
      throw UsageError(fmt::format("'{}' {}", file, error.what()));
    }
  }
  return all;
}

std::vector<report::Run> read_result_files(std::span<const std::string> files,
                                           report::KeepSamples keep) {
  return scan_result_files(files, keep, {});
}

OutputFile::OutputFile(std::optional<std::string> file) : file_(std::move(file)) {
  if (!file_) return;
  in_place_ = fs::exists(*file_) && !fs::is_regular_file(*file_);
  written_ = in_place_ ? *file_ : *file_ + ".new";
  descriptor_ = open(written_.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  if (descriptor_ < 0) fail(errno);
}

OutputFile::~OutputFile() {
  if (descriptor_ < 0) return;
  (void)close(descriptor_);
  if (!in_place_) (void)std::remove(written_.c_str());
}

void OutputFile::fail(int error) {
  if (descriptor_ >= 0) (void)close(std::exchange(descriptor_, -1));
  if (!in_place_) (void)std::remove(written_.c_str());
  throw CannotWrite(
      fmt::format("cannot write '{}': {}", *file_, std::generic_category().message(error)));
}

void OutputFile::write(std::string_view bytes) {
  if (!file_) return write_to_stdout(bytes);
  if (const int error = write_all(descriptor_, bytes); error != 0) fail(error);
}

void OutputFile::finish() {
  if (!file_) return;
  // A file system may be full, or a server gone, only now.
  if (close(std::exchange(descriptor_, -1)) != 0) fail(errno);
  if (!in_place_ && std::rename(written_.c_str(), file_->c_str()) != 0) fail(errno);
}

void write_output(const std::optional<std::string>& file, std::string_view bytes) {
  OutputFile output(file);
  output.write(bytes);
  output.finish();
}

}  // namespace twofour::app
