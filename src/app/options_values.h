// From the text of an option's value to the value.
#pragma once

#include <charconv>
#include <cmath>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace twofour::app {

/// The whole of `text` as a decimal number in [low, high], or nothing.
template <class Number>
std::optional<Number> parse_number(std::string_view text, Number low, Number high) {
  Number value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  if (!(value >= low && value <= high)) return std::nullopt;  // a NaN is in no range
  return value;
}

/// The values of a list option, which may be separated by spaces, commas or both.
std::vector<std::string> split_list(std::span<const std::string> values);

}  // namespace twofour::app
