// Result files that a command is given, and what it makes of them.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/function_ref.h"
#include "report/report.h"

namespace twofour::app {

/// The runs of all `files` in their order. A file that is still being written is read as far as it
/// goes. Throws UsageError naming the file, and the line and the field where it has such.
std::vector<report::Run> read_result_files(std::span<const std::string> files,
                                           report::KeepSamples keep = report::KeepSamples::kYes);

/// Gives the lines of `file` one by one, without their newlines. Returns whether it has a last one
/// without an end, which is not given. Throws UsageError naming the file when it cannot be read.
bool read_lines(const std::string& file, FunctionRef<void(std::string_view)> take);

/// Writes `bytes` to `file`, through a file beside it so that an earlier one is whole until the new
/// one is; to stdout without one. Throws CannotWrite (app/standard_streams.h) naming the file and
/// the cause.
void write_output(const std::optional<std::string>& file, std::string_view bytes);

}  // namespace twofour::app
