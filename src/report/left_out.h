// What a report does not show, or shows without a number, and why.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "report/report.h"

namespace twofour::report {

/// How many of `rows` have no result, by outcome and reason: "4 of 15 rows have no result:", then
/// lines like "  3 unsupported: ...", the most frequent first. None where all have one. A long
/// reason is cut.
std::vector<std::string> rows_without_result(std::span<const Record> rows);

/// For the reader of a report of `runs`: what is not in it, and which rows have no result, in lines
/// of printable() text.
std::vector<std::string> left_out(std::span<const Run> runs);

}  // namespace twofour::report
