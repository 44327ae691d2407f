#include "app/joined_results.h"

#include <fcntl.h>
#include <fmt/format.h>

#include <cerrno>
#include <functional>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include "app/conclusion.h"
#include "app/result_files.h"
#include "app/standard_streams.h"
#include "core/streams.h"
#include "decide/formats.h"
#include "report/formats.h"
#include "report/report.h"
#include "run/part_file.h"

namespace twofour::app {
namespace {

namespace fs = std::filesystem;

/// A file that is written piece by piece, and is not there when that was not possible.
class PiecewiseFile {
 public:
  explicit PiecewiseFile(fs::path file)
      : file_(std::move(file)),
        descriptor_(open(file_.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644)) {
    if (descriptor_.get() < 0) fail(errno);
  }
  void write(std::string_view piece) {
    if (const int error = write_all(descriptor_.get(), piece); error != 0) fail(error);
  }

 private:
  [[noreturn]] void fail(int error) {
    std::error_code ignored;
    if (fs::is_regular_file(file_, ignored)) fs::remove(file_, ignored);
    throw CannotWrite(fmt::format("cannot write '{}': {}", file_.string(),
                                  std::generic_category().message(error)));
  }

  fs::path file_;
  run::Descriptor descriptor_;
};

fs::path beside(const fs::path& jsonl, const char* extension) {
  fs::path path = jsonl;
  return path.replace_extension(extension);
}

void write_csv(const fs::path& jsonl, const std::vector<report::Run>& runs) {
  PiecewiseFile file(beside(jsonl, ".csv"));
  const std::string heading = report::csv({});
  file.write(heading);
  for (const report::Run& run : runs) {
    for (const Record& record : run.records) {
      file.write(std::string_view(report::csv({&record, 1})).substr(heading.size()));
    }
  }
}

/// Reads the file again, since it has what the records here do not: the samples.
void write_pickle(const fs::path& jsonl) {
  PiecewiseFile file(beside(jsonl, ".pkl"));
  file.write(report::pickle_begin());
  read_lines(jsonl.string(), [&](std::string_view line) {
    if (!line.starts_with(R"({"type":"record")")) return;
    const Record record = report::parse_record_json(line);
    file.write(report::pickle_rows({&record, 1}));
  });
  file.write(report::pickle_end());
}

/// With the samples of more rows than this a job would take gigabytes at its end.
constexpr std::size_t kMostRowsWithSamples = 20000;

void print_document(const BenchOptions& options, const fs::path& jsonl,
                    const std::vector<report::Run>& runs, std::size_t rows) {
  const report::Format& format = *options.format;
  // A launcher may give its ranks a terminal of its own making, and hand on what is written there
  // to a file: that gets what a pipe gets.
  if (!decide::needs_samples(format)) return write_to_stdout(format.document(runs));
  if (rows > kMostRowsWithSamples && !format.of_samples) {
    write_to_stdout(format.document(runs));
    return say(
        fmt::format("what follows for the models is left out, since there are more than {} "
                    "rows: 'twofour report {}' shows it",
                    kMostRowsWithSamples, jsonl.string()));
  }
  const std::vector<std::string> files{jsonl.string()};
  write_to_stdout(decide::document(format, read_result_files(files), {}, options.question));
}

}  // namespace

int show_joined(const BenchOptions& options, const fs::path& jsonl, bool whole) {
  const std::vector<std::string> files{jsonl.string()};
  // A job in which no rank had anything to measure leaves nothing.
  if (fs::file_size(jsonl) == 0) {
    say(nothing_measured({}));
    return exit_code({}, run::RunEnd::kDone, whole);
  }
  const std::vector<report::Run> runs = read_result_files(files, report::KeepSamples::kNo);
  RowTally tally;
  for (const report::Run& run : runs) {
    for (const Record& record : run.records) tally.add(record);
  }
  const auto write = [&](const std::function<void()>& what) {
    try {
      what();
    } catch (const CannotWrite& error) {
      say(error.what());
      whole = false;
    }
  };
  write([&] { write_csv(jsonl, runs); });
  write([&] { write_pickle(jsonl); });
  if (options.html) {
    write([&] {
      write_output(options.html->string(),
                   decide::html_document(read_result_files(files), options.question));
    });
  }
  if (options.dispatch) {
    write([&] {
      write_output(options.dispatch->string(), decide::dispatch_document(read_result_files(files)));
    });
  }
  write([&] { print_document(options, jsonl, runs, tally.rows); });
  if (const std::string why = nothing_measured(tally); !why.empty()) say(why);
  return exit_code(tally, run::RunEnd::kDone, whole);
}

}  // namespace twofour::app
