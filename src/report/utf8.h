// Characters of texts that may be anything: files hold names that are not UTF-8.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace twofour::report {

/// A character of UTF-8, or a byte that is none.
struct Character {
  std::uint32_t code = 0;  ///< its code point, or the byte
  std::size_t bytes = 1;
  bool valid = true;
};

/// The first character of `text`, which is not empty. RFC 3629: no surrogates, no longer form than
/// needed, at most U+10FFFF.
Character first_character(std::string_view text);

}  // namespace twofour::report
