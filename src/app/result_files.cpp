#include "app/result_files.h"

#include <fmt/format.h>

#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <system_error>

#include "app/command.h"
#include "app/standard_streams.h"

namespace twofour::app {
namespace {

namespace fs = std::filesystem;

std::string last_error() { return std::generic_category().message(errno); }

std::string bytes_of(const std::string& file) {
  // A folder opens, and reads as nothing.
  if (fs::is_directory(file)) throw UsageError(fmt::format("'{}' is a directory", file));
  std::ifstream stream(file, std::ios::binary);
  if (!stream) throw UsageError(fmt::format("cannot read '{}': {}", file, last_error()));
  std::string bytes(std::istreambuf_iterator<char>(stream), {});
  if (stream.bad()) throw UsageError(fmt::format("cannot read '{}': {}", file, last_error()));
  return bytes;
}

[[noreturn]] void fail(const std::string& name) {
  throw std::runtime_error(fmt::format("cannot write {}: {}", name, last_error()));
}

void write_all(std::FILE* stream, const std::string& name, std::string_view bytes) {
  if (std::fwrite(bytes.data(), 1, bytes.size(), stream) != bytes.size()) fail(name);
  if (std::fflush(stream) != 0) fail(name);
}

}  // namespace

std::vector<report::Run> read_result_files(std::span<const std::string> files) {
  std::vector<report::Run> all;
  for (const std::string& file : files) {
    try {
      std::vector<report::Run> runs = report::parse_runs(file, bytes_of(file));
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
  const std::string name = fmt::format("'{}'", *file);
  std::FILE* const stream = std::fopen(written.c_str(), "wb");
  if (stream == nullptr) fail(name);
  try {
    write_all(stream, name, bytes);
  } catch (...) {
    (void)std::fclose(stream);
    if (!in_place) (void)std::remove(written.c_str());
    throw;
  }
  if (std::fclose(stream) != 0) fail(name);
  if (!in_place && std::rename(written.c_str(), file->c_str()) != 0) fail(name);
}

}  // namespace twofour::app
