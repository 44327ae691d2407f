// Reading the small text files in which Linux describes a machine.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace twofour::device::cpu {

/// Files below a root: "/", or a made-up one in tests. Paths are given without a leading slash. A
/// file that is missing or cannot be read is nothing, never an error.
class HostFiles {
 public:
  explicit HostFiles(std::filesystem::path root = "/") : root_(std::move(root)) {}

  /// The content without white space at its end.
  [[nodiscard]] std::optional<std::string> text(const std::string& path) const;
  /// The content where it is one decimal number and nothing else.
  [[nodiscard]] std::optional<std::uint64_t> number(const std::string& path) const;
  /// Where that file is.
  [[nodiscard]] std::filesystem::path path(const std::string& path) const { return root_ / path; }
  /// Names in a directory, sorted.
  [[nodiscard]] std::vector<std::string> names(const std::string& path) const;

 private:
  std::filesystem::path root_;
};

/// Value of the first line that starts with `key`, then white space, colons or equal signs, as in
/// /proc/cpuinfo, /proc/meminfo and memory.stat; nothing when there is none.
std::optional<std::string> field(std::string_view text, std::string_view key);

/// The decimal number at the start of `text`, or nothing.
std::optional<std::uint64_t> leading_number(std::string_view text);

/// Processor numbers of a list such as "0-3,8", ascending; what is not such a list ends it.
std::vector<int> parse_cpu_list(std::string_view text);

/// Bytes of a size such as "32768K" or "1M"; nothing for anything else.
std::optional<std::size_t> parse_size(std::string_view text);

}  // namespace twofour::device::cpu
