#include "app/joined_rows.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <system_error>
#include <utility>

#include "app/result_files.h"
#include "core/streams.h"

namespace twofour::app {
namespace {

/// What a line with few samples takes.
constexpr std::uintmax_t kBytesOfALine = 2000;

/// No fewer than there are, as a rule: memory that is set aside for rows and has none costs
/// nothing.
std::size_t most_rows_in(std::span<const std::string> files) {
  std::uintmax_t bytes = 0;
  for (const std::string& file : files) {
    std::error_code error;
    const std::uintmax_t size = std::filesystem::file_size(file, error);
    if (!error) bytes += size;
  }
  return static_cast<std::size_t>(bytes / kBytesOfALine);
}

bool keeps(SamplesOf samples, const Record& record) {
  return samples == SamplesOf::kAll ||
         (samples == SamplesOf::kModels && record.mode == BenchMode::kModel);
}

}  // namespace

JoinedRows read_joined(std::span<const std::string> files, SamplesOf samples,
                       FunctionRef<void(const Record&)> see, std::size_t most_with_samples) {
  JoinedRows joined;
  std::size_t with_samples = 0;
  report::ResultsBuilder builder(most_rows_in(files));
  const report::TakeRows take{.begin = [&](const report::Run& run) { builder.begin(run); },
                              .row =
                                  [&](const report::Run& run, Record&& record) {
                                    see(record);
                                    ++joined.rows;
                                    const bool wanted = keeps(samples, record);
                                    if (wanted && ++with_samples == most_with_samples + 1) {
                                      joined.with_samples = false;
                                      builder.drop_samples();
                                    }
                                    if (wanted && joined.with_samples) {
                                      report::drop_samples(record, report::KeepSamples::kOnDevice);
                                    } else {
                                      record.samples.reset();
                                    }
                                    builder.add(std::move(record), run);
                                  }};
  joined.runs = scan_result_files(files, report::KeepSamples::kYes, take);
  joined.results = builder.finish(joined.runs);
  joined.left_out = builder.index().left_out();
  return joined;
}

void tell_without_samples(const JoinedRows& joined) {
  if (joined.with_samples) return;
  write_to_stderr(
      fmt::format("left out: decisions for models and the spread of rounds, since there are more "
                  "than {} rows; a report of fewer has them\n",
                  kMostRowsWithSamples));
}

}  // namespace twofour::app
