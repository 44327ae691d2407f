// Texts from records in GitHub Flavored Markdown (https://github.github.com/gfm): they show as they
// are, and are no markup.
#pragma once

#include <string>
#include <string_view>

namespace twofour::report {

/// `text`, which is printable(), for a paragraph or a cell of a table.
std::string markdown_text(std::string_view text);

/// `lines` as a block of code; its fence is longer than any that stands in them.
std::string markdown_code(std::string_view lines);

/// A part that is folded until it is clicked. `summary` is the program's own words, since what
/// stands there is HTML; `body` is Markdown.
std::string markdown_folded(std::string_view summary, std::string_view body);

}  // namespace twofour::report
