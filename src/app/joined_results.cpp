#include "app/joined_results.h"

#include <fcntl.h>
#include <fmt/format.h>

#include <cerrno>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include "app/conclusion.h"
#include "app/joined_rows.h"
#include "app/result_files.h"
#include "app/standard_streams.h"
#include "app/streamed_report.h"
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

/// The .csv and the .pkl, row by row. One that cannot be written is given up, and said so.
class TableFiles {
 public:
  explicit TableFiles(const fs::path& jsonl) {
    attempt(csv_, [&] {
      csv_.emplace(beside(jsonl, ".csv"));
      csv_->write(report::csv({}));
    });
    attempt(pickle_, [&] {
      pickle_.emplace(beside(jsonl, ".pkl"));
      pickle_->write(report::pickle_begin());
    });
  }
  void row(const Record& record) {
    if (csv_) {
      attempt(csv_, [&] {
        text_.clear();
        report::append_csv_row(record, text_);
        csv_->write(text_);
      });
    }
    if (pickle_) attempt(pickle_, [&] { pickle_->write(report::pickle_rows({&record, 1})); });
  }
  /// Whether both are whole.
  bool finish() {
    if (pickle_) attempt(pickle_, [&] { pickle_->write(report::pickle_end()); });
    return whole_;
  }

 private:
  template <class What>
  void attempt(std::optional<PiecewiseFile>& file, What what) {
    try {
      what();
    } catch (const CannotWrite& error) {
      say(error.what());
      whole_ = false;
      file.reset();
    }
  }

  std::optional<PiecewiseFile> csv_;
  std::optional<PiecewiseFile> pickle_;
  std::string text_;
  bool whole_ = true;
};

void print_document(const BenchOptions& options, const std::vector<std::string>& files,
                    const JoinedRows& joined, const report::Display& display) {
  const report::Format& format = *options.format;
  const decide::Question& question = options.question;
  if (format.write == nullptr) return print_rows(files, format);
  if (format.on_terminal != nullptr && display.width > 0) {
    write_to_stdout(report::table_summary_of(joined.results, display));
    if (!joined.with_samples) return;
    return write_to_stdout(
        decide::table(joined.results, question, display, decide::Length::kBrief));
  }
  decide::write_document(format, joined.results, display, question, joined.with_samples,
                         [](std::string_view piece) { write_to_stdout(piece); });
}

SamplesOf samples_for(const BenchOptions& options) {
  if (options.html) return SamplesOf::kAll;
  const bool models = options.dispatch || decide::needs_samples(*options.format);
  return models && options.mode == BenchMode::kModel ? SamplesOf::kModels : SamplesOf::kNone;
}

}  // namespace

bool show_results(const BenchOptions& options, const fs::path& jsonl,
                  const report::Display* display, RowTally* tally,
                  const std::function<void()>& before_printing) {
  const std::vector<std::string> files{jsonl.string()};
  TableFiles tables(jsonl);
  const JoinedRows joined = read_joined(files, samples_for(options), [&](const Record& record) {
    if (tally != nullptr) tally->add(record);
    tables.row(record);
  });
  bool whole = tables.finish();
  tell_without_samples(joined);
  const auto write = [&](const std::function<void()>& what) {
    try {
      what();
    } catch (const CannotWrite& error) {
      say(error.what());
      whole = false;
    }
  };
  if (options.html) {
    write([&] {
      OutputFile output(options.html->string());
      decide::write_document(*report::find_format("html"), joined.results, {}, options.question,
                             joined.with_samples,
                             [&](std::string_view piece) { output.write(piece); });
      output.finish();
    });
  }
  if (options.dispatch) {
    write([&] {
      write_output(options.dispatch->string(), decide::dispatch_document(joined.results));
    });
  }
  if (before_printing) before_printing();
  if (display != nullptr) write([&] { print_document(options, files, joined, *display); });
  return whole;
}

int show_joined(const BenchOptions& options, const fs::path& jsonl, bool whole) {
  // A job in which no rank had anything to measure leaves nothing.
  if (fs::file_size(jsonl) == 0) {
    say(nothing_measured({}));
    return exit_code({}, run::RunEnd::kDone, whole);
  }
  // A launcher may give its ranks a terminal of its own making, and hand on what is written there
  // to a file: that gets what a pipe gets.
  const report::Display any;
  RowTally tally;
  whole = show_results(options, jsonl, &any, &tally) && whole;
  if (const std::string why = nothing_measured(tally); !why.empty()) say(why);
  return exit_code(tally, run::RunEnd::kDone, whole);
}

}  // namespace twofour::app
