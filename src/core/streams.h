// Words for people, and bytes for descriptors, without what stdio and iostreams do about errors.
#pragma once

#include <string>
#include <string_view>

namespace twofour {

/// Writes all of `bytes` and returns 0, or the errno of what went wrong. A descriptor that cannot
/// take more now is waited for. A pipe without a reader is EPIPE where SIGPIPE is ignored.
int write_all(int descriptor, std::string_view bytes);

/// What cannot be written is lost: no stderr, full or closed, may change the course of a run.
void write_to_stderr(std::string_view text) noexcept;

/// "twofour: " and the message as one line, on stderr.
void say(std::string_view message) noexcept;

/// Control characters written out ("\n", "\x1b"), so that a message stays one line and no terminal
/// takes orders from a file.
std::string one_line(std::string_view text);

}  // namespace twofour
