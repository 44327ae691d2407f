// The output formats of a comparison: a row of the table each.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "compare/comparison.h"
#include "report/display.h"
#include "report/formats.h"

namespace twofour::compare {

struct Format {
  std::string_view name;  ///< the value of --format
  /// For programs and browsers: a terminal is no place for it.
  bool wants_file;
  void (*write)(const Comparison& comparison, const report::Display& display, report::Write write);
};

std::span<const Format> formats();
/// The one that is called `name`, or null.
const Format* find_format(std::string_view name);
/// What format.write() writes.
std::string document(const Format& format, const Comparison& comparison,
                     const report::Display& display);
/// "table, md, csv, jsonl, html".
std::string format_names();

/// For people, in lines that fit; a terminal has no rows that are SAME.
std::string table(const Comparison& comparison, const report::Display& display);
void write_table(const Comparison& comparison, const report::Display& display, report::Write write);

/// For a pull request: the answer, a table of 8 columns without rows that are SAME, and the rest
/// folded.
std::string markdown(const Comparison& comparison);

/// A page that opens offline: the changes as a picture, and a table to sort and filter, of at most
/// report::kMostRowsOfAPage changes, what matters most first.
std::string html_page(const Comparison& comparison);

}  // namespace twofour::compare
