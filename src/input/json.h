// JSON that comes from outside: files that people write, files of earlier runs, variables.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

namespace twofour::input {

/// Nesting beyond this is refused: the library's functions call themselves for each level, and a
/// file could so use up the stack.
inline constexpr int kMostLevels = 64;

/// `text` as JSON. Throws std::invalid_argument, whose what() is one short line, for everything
/// that is wrong: no JSON, not UTF-8, a number beyond what a double holds, a NUL byte, a member
/// that an object has twice, more than kMostLevels levels.
nlohmann::json parse_json(std::string_view text);

/// A value for a message, short and on one line.
std::string shown(const nlohmann::json& value);

}  // namespace twofour::input
