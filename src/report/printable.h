// Texts from records, as a terminal can take them: nothing in them moves a cursor or turns text
// round, and their width is known.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace twofour::report {

/// `text` on one line: line breaks and tabs become spaces. Other control characters (C0, DEL, C1),
/// marks that change the direction of text, and bytes that are not UTF-8 become visible escapes:
/// "\x1b", "\u202e", "\xff".
std::string printable(std::string_view text);

/// Columns of a terminal that printable text takes: 2 for a wide East Asian character or an emoji,
/// 0 for a combining mark, 1 for any other. A table of ranges, after Unicode's EastAsianWidth.txt
/// (W and F) as far as names have them.
std::size_t display_width(std::string_view text);

/// `text` in at most `width` columns; ".." stands for what was cut from its middle, and nearly two
/// thirds of what is left are its beginning. Cuts between characters.
std::string cut_middle(std::string_view text, std::size_t width);

/// The same with what is cut at the end.
std::string cut_end(std::string_view text, std::size_t width);

/// `text` in lines of at most `width` columns, at spaces where there are some; 0: one line.
std::vector<std::string> wrapped(std::string_view text, std::size_t width);

}  // namespace twofour::report
