// Files that a command line names.
#pragma once

#include <cstddef>
#include <filesystem>
#include <string>

namespace twofour::input {

/// More than any file that people write, and little enough for memory.
inline constexpr std::size_t kMostBytes = std::size_t{64} << 20;

/// All of `file`, which may be a pipe (/dev/stdin, <(...) of a shell). Throws std::runtime_error
/// "FILE: cannot be read: cause", also where it is a folder or has more than `most` bytes.
std::string read_text_file(const std::filesystem::path& file, std::size_t most = kMostBytes);

}  // namespace twofour::input
