// What a report does not show, or shows without a number, and why.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "report/report.h"

namespace twofour::report {

/// How many of `rows` have no result, by outcome and reason: "4 of 15 rows have no result:", then
/// lines like "  3 unsupported: ...", the most frequent first. None where all have one. A long
/// reason is cut.
std::vector<std::string> rows_without_result(std::span<const Record> rows);

/// Outcome and reason of a row without a result, as they are counted; empty: it has one.
std::string reason_of(const Record& record);

/// A reason and how many rows have it.
using CountedReason = std::pair<std::string, std::size_t>;

/// The lines of rows_without_result() of `rows` rows. `counts`: in order of appearance.
std::vector<std::string> reason_lines(std::vector<CountedReason> counts, std::size_t rows);

/// For the reader of a report of `runs`: what is not in it, and which rows have no result, in lines
/// of printable() text.
std::vector<std::string> left_out(std::span<const Run> runs);

}  // namespace twofour::report
