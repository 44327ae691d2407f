// Words of a command line that a person can paste.
#pragma once

#include <string>
#include <string_view>

namespace twofour::report {

/// `text` so that a POSIX shell reads it back as one word.
std::string shell_quoted(std::string_view text);

}  // namespace twofour::report
