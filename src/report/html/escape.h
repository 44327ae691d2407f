// Texts of a record, made safe for a page: a model may be called </script>.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace twofour::report::html {

/// `text` for both contexts of a page, text and an attribute in double quotes: the five characters
/// that mean something in HTML become references. Bytes that are not UTF-8, NUL and other control
/// characters but tabs and line ends, and the controls that embed, override or isolate a direction
/// (U+202A to U+202E, U+2066 to U+2069) become U+FFFD.
std::string escape(std::string_view text);

/// escape(), of the first `most` characters at most, with an ellipsis where there are more.
std::string shortened(std::string_view text, std::size_t most);

/// `text`, not escaped, with an ellipsis in place of the characters in its middle where it has more
/// than `most`.
std::string without_middle(std::string_view text, std::size_t most);

/// A name in text of either direction, which cannot reorder what stands around it: <bdi>. One of
/// more than `most` characters is shortened, with the whole in its title.
std::string name(std::string_view text, std::size_t most = 64);

/// What follows the last slash of a model's name, or all of it.
std::string_view short_model(std::string_view model);

}  // namespace twofour::report::html
