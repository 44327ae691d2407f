// Words about the pattern that the weights of some rows were pruned to.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "core/record.h"

namespace twofour::report {

/// Of rows that belong to one sweep; 2:4 where there are none.
inline Sparsity pattern_of(std::span<const Record> records) {
  return records.empty() ? Sparsity::kTwoFour : records.front().pattern;
}

/// The program's own words, which say "2:4", about `pattern`.
std::string of_pattern(std::string_view words, Sparsity pattern);

/// What to know of a pattern other than 2:4, a sentence; empty for 2:4.
std::string pattern_sentence(Sparsity pattern);

/// " 6:8", behind a type in a title; empty for 2:4.
std::string pattern_mark(Sparsity pattern);

}  // namespace twofour::report
