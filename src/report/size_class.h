// The regimes of M: decoding, batches, prefill.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace twofour::report {

struct SizeClass {
  std::string_view title;
  bool (*holds)(std::int64_t m);
};

/// Each M is in exactly one.
inline constexpr std::array kSizeClasses{
    SizeClass{"M <= 64", [](std::int64_t m) { return m <= 64; }},
    SizeClass{"64 < M < 1024", [](std::int64_t m) { return m > 64 && m < 1024; }},
    SizeClass{"M >= 1024", [](std::int64_t m) { return m >= 1024; }},
};

}  // namespace twofour::report
