#include "app/jsonl_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <ctime>
#include <stdexcept>
#include <system_error>
#include <utility>
#include <variant>

#include "app/command.h"
#include "app/standard_streams.h"
#include "report/attempt.h"
#include "report/report.h"

namespace twofour::app {
namespace {

namespace fs = std::filesystem;

[[noreturn]] void fail(std::string_view what, const fs::path& file) {
  throw CannotWrite(fmt::format("cannot {} '{}': {}", what, file.string(),
                                std::generic_category().message(errno)));
}

/// The process that holds the lock of an open file; 0 where this one has got it now. A lock of this
/// kind belongs to a process: a child does not inherit it, and closing any other descriptor of the
/// file here would end it.
pid_t lock(int descriptor, const fs::path& file) {
  struct flock whole {};
  whole.l_type = F_WRLCK;
  whole.l_whence = SEEK_SET;
  while (fcntl(descriptor, F_SETLK, &whole) != 0) {
    if (errno != EACCES && errno != EAGAIN) fail("lock", file);
    struct flock holder = whole;
    if (fcntl(descriptor, F_GETLK, &holder) != 0) fail("lock", file);
    if (holder.l_type != F_UNLCK) return holder.l_pid;
  }
  return 0;
}

/// The outermost folder of `directory` that is not there; empty when all are.
fs::path first_missing(const fs::path& directory) {
  fs::path missing;
  for (fs::path folder = fs::absolute(directory); !fs::exists(folder);
       folder = folder.parent_path()) {
    missing = folder;
  }
  return missing;
}

/// Gives the whole lines of an open file. Returns where the last one ends.
std::int64_t scan(int descriptor, const fs::path& file, FunctionRef<void(std::string_view)> take) {
  std::string rest;
  std::array<char, 65536> block{};
  std::int64_t position = 0;
  while (true) {
    const ssize_t count = pread(descriptor, block.data(), block.size(), position);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) fail("read", file);
    if (count == 0) return position - static_cast<std::int64_t>(rest.size());
    position += count;
    rest.append(block.data(), static_cast<std::size_t>(count));
    std::size_t begin = 0;
    for (std::size_t end = rest.find('\n'); end != std::string::npos;
         begin = end + 1, end = rest.find('\n', begin)) {
      take(std::string_view(rest).substr(begin, end - begin));
    }
    rest.erase(0, begin);
  }
}

/// Adds lines to a ledger, but for those of parts that are not wanted.
struct Reading {
  report::KeepSamples keep;
  const JsonlFile::Wanted& wanted;
  run::Ledger ledger = {};
  bool any_part = false;
  bool skips = false;
};

void add_line(std::string_view line, Reading& reading) {
  const report::KeepSamples keep = reading.keep;
  run::Ledger& ledger = reading.ledger;
  // Results are long and most of what there is: they are read once.
  const bool result = line.starts_with(R"({"type":"record")");
  if (!reading.any_part || (!result && report::line_type(line) == "environment")) {
    Environment environment = report::parse_environment_json(line);
    reading.any_part = true;
    reading.skips = reading.wanted && !reading.wanted(environment);
    if (!reading.skips) ledger.begin_part(std::move(environment));
  } else if (reading.skips) {
    return;
  } else if (!result && report::is_attempt_json(line)) {
    ledger.add(report::parse_attempt_json(line));
  } else {
    Record record = report::parse_record_json(line);
    report::drop_samples(record, keep);
    ledger.add(std::move(record));
  }
}

/// `end`: where its last whole line ends.
run::Ledger ledger_of(int descriptor, const fs::path& file, report::KeepSamples keep,
                      std::int64_t& end, const JsonlFile::Wanted& wanted = {}) {
  Reading reading{.keep = keep, .wanted = wanted};
  int number = 0;
  end = scan(descriptor, file, [&](std::string_view line) {
    ++number;
    try {
      add_line(line, reading);
    } catch (const std::invalid_argument& error) {
      throw std::invalid_argument(
          fmt::format("'{}' line {}: {}", file.string(), number, error.what()));
    }
  });
  return std::move(reading.ledger);
}

}  // namespace

JsonlFile::JsonlFile(fs::path path, run::Descriptor descriptor)
    : path_(std::move(path)), descriptor_(std::move(descriptor)) {}

JsonlFile JsonlFile::make(const fs::path& directory, std::string_view mode, DataType dtype) {
  fs::path made;
  try {
    made = first_missing(directory);
    fs::create_directories(directory);
  } catch (const fs::filesystem_error& error) {
    throw CannotWrite(fmt::format("--output-dir: '{}' cannot be made: {}", directory.string(),
                                  error.code().message()));
  }
  // Two runs in one second must not write into one file: the later one takes the next free second.
  for (std::time_t second = std::time(nullptr);; ++second) {
    fs::path path = directory / fmt::format("{}-{}-{}.jsonl", mode, info(dtype).torch_name, second);
    run::Descriptor descriptor(::open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0644));
    if (descriptor.get() < 0 && errno == EEXIST) continue;
    if (descriptor.get() < 0) fail("write", path);
    lock(descriptor.get(), path);
    JsonlFile file(std::move(path), std::move(descriptor));
    file.made_ = std::move(made);
    return file;
  }
}

JsonlFile JsonlFile::open(const fs::path& path) {
  run::Descriptor descriptor(::open(path.c_str(), O_RDWR | O_CLOEXEC));
  if (descriptor.get() < 0) {
    throw UsageError(fmt::format("--resume: '{}' cannot be opened: {}", path.string(),
                                 std::generic_category().message(errno)));
  }
  if (const pid_t holder = lock(descriptor.get(), path); holder != 0) {
    throw UsageError(fmt::format("--resume: '{}' belongs to a run that is not over: process {}",
                                 path.string(), holder));
  }
  return {path, std::move(descriptor)};
}

JsonlFile JsonlFile::make_or_open(const fs::path& path) {
  run::Descriptor descriptor(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644));
  if (descriptor.get() < 0) fail("write", path);
  if (const pid_t holder = lock(descriptor.get(), path); holder != 0) {
    throw UsageError(
        fmt::format("'{}' belongs to a run that is not over: process {}", path.string(), holder));
  }
  JsonlFile file(path, std::move(descriptor));
  file.lines([](std::string_view /*line*/) {});
  return file;
}

JsonlFile::~JsonlFile() {
  if (descriptor_.get() < 0 || !made_ || end_ > 0) return;
  std::error_code ignored;
  fs::remove(path_, ignored);
  if (made_->empty()) return;
  // What was made for nothing goes, from the innermost folder on, unless there is something in it.
  for (fs::path folder = fs::absolute(path_).parent_path(); fs::remove(folder, ignored);
       folder = folder.parent_path()) {
    if (folder == *made_) break;
  }
}

fs::path JsonlFile::part() const {
  fs::path file = path_;
  return file.replace_extension(".part");
}

run::Ledger JsonlFile::read(report::KeepSamples keep) {
  return ledger_of(descriptor_.get(), path_, keep, end_);
}

run::Ledger JsonlFile::read_parts(report::KeepSamples keep, const Wanted& wanted) {
  return ledger_of(descriptor_.get(), path_, keep, end_, wanted);
}

void JsonlFile::lines(FunctionRef<void(std::string_view)> take) {
  end_ = scan(descriptor_.get(), path_, take);
}

run::Ledger read_ledger(const fs::path& file, report::KeepSamples keep) {
  const run::Descriptor descriptor(::open(file.c_str(), O_RDONLY | O_CLOEXEC));
  if (descriptor.get() < 0) fail("read", file);
  std::int64_t end = 0;
  return ledger_of(descriptor.get(), file, keep, end);
}

void JsonlFile::append(std::string_view line) {
  const std::string whole = std::string(line) + '\n';
  if (ftruncate(descriptor_.get(), end_) != 0) fail("write", path_);
  std::string_view left = whole;
  std::int64_t at = end_;
  while (!left.empty()) {
    const ssize_t written = pwrite(descriptor_.get(), left.data(), left.size(), at);
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) {
      const int error = errno;
      [[maybe_unused]] const int cut = ftruncate(descriptor_.get(), end_);
      errno = error;
      fail("write", path_);
    }
    left.remove_prefix(static_cast<std::size_t>(written));
    at += written;
  }
  end_ = at;
}

void JsonlFile::sync() {
  if (fsync(descriptor_.get()) != 0 && (errno == EIO || errno == ENOSPC || errno == EDQUOT)) {
    fail("write", path_);
  }
}

namespace {

/// By what would be written: a number that is not known equals no other.
bool is_same(const std::optional<Environment>& x, const Environment& y) {
  return x && report::environment_json(*x) == report::environment_json(y);
}

}  // namespace

LeftBehind add_left_behind(const fs::path& part, run::Ledger& ledger) {
  LeftBehind left;
  if (!fs::exists(part)) return left;
  for (run::PartLine& line : run::PartReader(part).new_lines()) {
    // One that stands in the .jsonl already was read before the parent was killed.
    if (auto* environment = std::get_if<Environment>(&line);
        environment && !is_same(ledger.environment(), *environment)) {
      left.environment = *environment;
      ledger.begin_part(std::move(*environment));
    }
    if (auto* record = std::get_if<Record>(&line); record && ledger.add(*record)) {
      left.rows.push_back(std::move(*record));
    }
  }
  return left;
}

}  // namespace twofour::app
