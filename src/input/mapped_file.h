// Files too large to be read as a whole, in memory as they are asked for.
#pragma once

#include <cstddef>
#include <filesystem>
#include <span>

namespace twofour::input {

/// The bytes of a file, mapped for reading; symbolic links are followed. A file that another
/// process cuts short meanwhile ends this one (SIGBUS).
class MappedFile {
 public:
  /// Throws std::runtime_error "FILE: cannot be read: cause", also where it is no regular file.
  explicit MappedFile(const std::filesystem::path& file);
  ~MappedFile();
  MappedFile(const MappedFile&) = delete;
  MappedFile& operator=(const MappedFile&) = delete;
  MappedFile(MappedFile&&) = delete;
  MappedFile& operator=(MappedFile&&) = delete;

  [[nodiscard]] std::span<const std::byte> bytes() const { return bytes_; }

 private:
  std::span<const std::byte> bytes_;
};

}  // namespace twofour::input
