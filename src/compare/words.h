// A comparison in words, for all formats that people read.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "compare/comparison.h"
#include "core/function_ref.h"
#include "report/grid.h"

namespace twofour::compare {

/// "Something is slower: 1 BROKEN, 3 SLOWER, 476 SAME (on time, threshold 2%)."
std::string answer(const Comparison& comparison);

/// What OLD and NEW are: files, runs, rows, and since when.
std::vector<std::string> sides(const Comparison& comparison);

/// "commit: abc -> def", the headline.
std::vector<std::string> differences(const Comparison& comparison);

/// What must be known before believing the words: what is not comparable, what moved all rows
/// alike, clocks, scatter that samples do not explain.
std::vector<std::string> cautions(const Comparison& comparison);

/// What the words that occur mean.
std::vector<std::string> legend(const Comparison& comparison);

/// "+4.9%"; "-" in front of what is less.
std::string percent_change(double factor);
/// "+4.9% [+3.1, +6.8]", at 95 % confidence.
std::string change_text(double factor, const Interval& interval);

/// What a change says beside its numbers: how many samples would decide, clocks, notes.
std::string note(const Change& change, Question on);

/// Geometric means, a row for each regime.
report::Grid means_grid(const Comparison& comparison);

enum class Rows : std::uint8_t { kAll, kDifferent, kSame };
enum class Columns : std::uint8_t { kAll, kEight };

/// A row for each change; kDifferent leaves out SAME.
report::Grid changes_grid(const Comparison& comparison, Rows rows, Columns columns);
/// The same piece by piece, for more changes than it takes memory to show.
void each_piece(const Comparison& comparison, Rows rows, Columns columns,
                FunctionRef<void(const report::Grid&)> take);

/// How many changes a table of these rows has.
std::size_t rows_of(const Comparison& comparison, Rows rows);

/// How many changes are SAME.
std::size_t same_rows(const Comparison& comparison);

}  // namespace twofour::compare
