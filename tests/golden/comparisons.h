// An invented comparison that has every word.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace twofour::golden {

/// The comparison in the format of a file that ends in .txt, .md, .csv or .jsonl: "compare.txt";
/// "compare-80.txt" is for a terminal of 80 columns. Empty for another name.
std::string comparison_rendering(std::string_view name);

/// The names of the files in expected/.
std::vector<std::string> comparison_names();

/// For docs/compare.md: a table of a change's members.
std::string change_members();

}  // namespace twofour::golden
