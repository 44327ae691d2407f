// A report of more rows than memory holds, in formats that are made row by row.
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <span>
#include <string>

#include "core/function_ref.h"
#include "report/formats.h"

namespace twofour::app {

/// Whether `files` can be read twice, as streamed_report() does: a pipe cannot.
bool can_be_read_twice(std::span<const std::string> files);

/// Writes format.document() of the runs in `files` to `output`, or to stdout, and holds some
/// hundred bytes of each row instead of the row. The format must have pieces. Between the two
/// readings `check` is given the numbers of tokens that rows have; then what is left out is told on
/// stderr. What has been appended to a file since the first reading is not shown. Throws UsageError
/// as read_result_files() does, and where a file has become shorter; CannotWrite.
void streamed_report(std::span<const std::string> files, const report::Format& format,
                     const std::optional<std::string>& output,
                     FunctionRef<void(const std::set<std::int64_t>& tokens)> check);

/// The same to stdout, without words on stderr.
void print_rows(std::span<const std::string> files, const report::Format& format);

}  // namespace twofour::app
