#include "app/streamed_report.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <filesystem>
#include <iterator>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include "app/command.h"
#include "app/result_files.h"
#include "core/streams.h"
#include "report/row_index.h"

namespace twofour::app {
namespace {

/// Bytes that are gathered for one write.
constexpr std::size_t kGathered = std::size_t{1} << 20;

class Writer {
 public:
  Writer(const report::Format& format, const std::optional<std::string>& file)
      : pieces_(*format.pieces), output_(file) {
    if (pieces_.begin != nullptr) text_ += pieces_.begin();
  }
  void opening(const Environment& environment) {
    if (pieces_.opening != nullptr) text_ += pieces_.opening(environment);
  }
  void row(const Record& record) {
    pieces_.row(record, text_);
    if (text_.size() < kGathered) return;
    output_.write(text_);
    text_.clear();
  }
  void finish() {
    if (pieces_.end != nullptr) text_ += pieces_.end();
    output_.write(text_);
    output_.finish();
  }

 private:
  const report::Pieces& pieces_;
  OutputFile output_;
  std::string text_;
};

/// How many runs each file had when it was first read.
using RunCounts = std::vector<std::size_t>;

RunCounts read_into(report::RowIndex& index, std::span<const std::string> files,
                    std::set<std::int64_t>& tokens) {
  RunCounts counts;
  std::vector<report::Run> runs;
  for (const std::string& file : files) {
    std::vector<report::Run> read =
        scan_result_files({&file, 1}, report::KeepSamples::kNo,
                          {.begin = [&](const report::Run& run) { index.begin(run); },
                           .row =
                               [&](const report::Run& run, Record&& record) {
                                 index.add(record, run);
                                 if (record.tokens) tokens.insert(*record.tokens);
                               }});
    counts.push_back(read.size());
    std::move(read.begin(), read.end(), std::back_inserter(runs));
  }
  index.finish(runs);
  return counts;
}

/// Writes the rows of `file` that count; its runs are `runs` ones from number `first` on. Rows and
/// runs that were appended since are passed over.
void write_rows(Writer& writer, const report::RowIndex& index, const std::string& file,
                report::KeepSamples keep, std::size_t first, std::size_t runs) {
  std::size_t begun = 0;
  std::size_t row = 0;
  std::size_t left = 0;
  for (std::size_t run = first; run < first + runs; ++run) left += index.rows(run);
  scan_result_files({&file, 1}, keep,
                    {.begin =
                         [&](const report::Run& run) {
                           if (begun < runs) writer.opening(run.environment);
                           ++begun;
                           row = 0;
                         },
                     .row =
                         [&](const report::Run& /*run*/, Record&& record) {
                           const std::size_t run = first + begun - 1;
                           if (begun > runs || row >= index.rows(run)) return;
                           if (index.counts(run, row++)) writer.row(record);
                           --left;
                         }});
  if (left != 0) throw UsageError(fmt::format("'{}' became shorter while it was read", file));
}

}  // namespace

bool can_be_read_twice(std::span<const std::string> files) {
  return std::all_of(files.begin(), files.end(), [](const std::string& file) {
    std::error_code ignored;
    return std::filesystem::is_regular_file(file, ignored);
  });
}

namespace {

/// The second reading.
void write_files(const report::RowIndex& index, const RunCounts& counts,
                 std::span<const std::string> files, const report::Format& format,
                 const std::optional<std::string>& output) {
  Writer writer(format, output);
  std::size_t first = 0;
  for (std::size_t i = 0; i < files.size(); ++i) {
    write_rows(writer, index, files[i],
               format.of_samples ? report::KeepSamples::kYes : report::KeepSamples::kNo, first,
               counts[i]);
    first += counts[i];
  }
  writer.finish();
}

}  // namespace

void streamed_report(std::span<const std::string> files, const report::Format& format,
                     const std::optional<std::string>& output,
                     FunctionRef<void(const std::set<std::int64_t>& tokens)> check) {
  report::RowIndex index;
  std::set<std::int64_t> tokens;
  const RunCounts counts = read_into(index, files, tokens);
  check(tokens);
  for (const std::string& told : index.left_out()) write_to_stderr(told + "\n");
  write_files(index, counts, files, format, output);
}

void print_rows(std::span<const std::string> files, const report::Format& format) {
  report::RowIndex index;
  std::set<std::int64_t> ignored;
  const RunCounts counts = read_into(index, files, ignored);
  write_files(index, counts, files, format, std::nullopt);
}

}  // namespace twofour::app
