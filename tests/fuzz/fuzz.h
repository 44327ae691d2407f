// What the fuzzers have in common.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

namespace twofour::fuzz {

inline std::string_view text_of(const std::uint8_t* data, std::size_t size) {
  return {reinterpret_cast<const char*>(data), size};
}

/// A finding unless `holds`.
inline void require(bool holds) {
  if (!holds) std::abort();
}

/// A message about bad input is one line, and not as long as the input.
inline void require_message(std::string_view message) {
  require(!message.empty() && message.find('\n') == std::string_view::npos);
}

}  // namespace twofour::fuzz

// NOLINTNEXTLINE(readability-identifier-naming): libFuzzer's name for it
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);
