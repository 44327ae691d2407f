// Enumerations whose values have names in files and on the command line: one table each.
#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <string_view>
#include <utility>

namespace twofour {

/// The names of an enumeration, in the order of its values.
template <class Enum, std::size_t kCount>
using NameTable = std::array<std::pair<Enum, std::string_view>, kCount>;

/// The name of `value`; the table must have every value, in order.
template <class Enum, std::size_t kCount>
constexpr std::string_view name_in(const NameTable<Enum, kCount>& table, Enum value) {
  return table[static_cast<std::size_t>(value)].second;
}

/// The value that `table` names `text`, or nothing when there is none.
template <class Enum, std::size_t kCount>
constexpr std::optional<Enum> value_in(const NameTable<Enum, kCount>& table,
                                       std::string_view text) {
  for (const auto& [value, name] : table) {
    if (name == text) return value;
  }
  return std::nullopt;
}

}  // namespace twofour
