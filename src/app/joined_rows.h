// The rows of result files, put together as they are read, for the formats for people.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "core/function_ref.h"
#include "core/record.h"
#include "report/results.h"

namespace twofour::app {

/// Of more rows the single samples are not held: with them half a million would take gigabytes.
inline constexpr std::size_t kMostRowsWithSamples = 100000;

/// Which rows keep their samples.
enum class SamplesOf : std::uint8_t { kNone, kModels, kAll };

struct JoinedRows {
  std::vector<report::Run> runs;      ///< without rows
  report::Results results;            ///< points into `runs`
  std::vector<std::string> left_out;  ///< report::left_out() of the files
  std::size_t rows = 0;               ///< of the files, those that are measured again among them
  bool with_samples = true;           ///< those that were asked for
};

/// Reads `files` once. `see` is given each row with its samples. `most_with_samples`: for tests.
/// Throws UsageError as read_result_files() does.
JoinedRows read_joined(std::span<const std::string> files, SamplesOf samples,
                       FunctionRef<void(const Record&)> see,
                       std::size_t most_with_samples = kMostRowsWithSamples);

/// Says on stderr that samples are not held, where that is so.
void tell_without_samples(const JoinedRows& joined);

}  // namespace twofour::app
