// Regular expressions from outside.
#pragma once

#include <cstddef>
#include <regex>
#include <string>

namespace twofour::input {

/// The longest that compile_pattern() takes: the library compiles by functions that call themselves
/// for each parenthesis.
inline constexpr std::size_t kLongestPattern = 500;

/// Of "(?=...)" and "(?!...)" together.
inline constexpr int kMostLookaheads = 3;

/// An ECMAScript expression that is matched in time that grows with the product of the lengths of
/// pattern and text: where the standard library would try every way to match ("(a*)*b" and the
/// like take it years), this one follows all ways at once (Thompson, Communications of the ACM 11,
/// 1968). It has therefore no references back to groups, and few lookaheads, since these are tried
/// one within the other. Throws std::regex_error, also for a pattern that is too long.
std::regex compile_pattern(const std::string& pattern);

}  // namespace twofour::input
