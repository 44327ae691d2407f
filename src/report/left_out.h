// What a report does not show, or shows without a number, and why.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "report/report.h"

namespace twofour::report {

/// How many of `rows` have no result, by outcome and reason: "4 of 15 rows have no result: 1
/// incorrect: ...". Empty where all have one. A reason of a hundred characters or more is cut.
std::string rows_without_result(std::span<const Record> rows);

/// For the reader of a report of `runs`: a sentence for each kind. Control characters are shown as
/// escapes.
std::vector<std::string> left_out(std::span<const Run> runs);

}  // namespace twofour::report
