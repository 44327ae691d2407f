// A value in a JSON line together with the way to it, so that a message can name it.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

namespace twofour::report {

class JsonField {
 public:
  JsonField(const nlohmann::json& value, std::string path)
      : value_(&value), path_(std::move(path)) {}

  /// Throws std::invalid_argument naming the field, its value and what is allowed.
  [[noreturn]] void reject(std::string_view allowed) const;
  /// reject() unless `holds`.
  void require(bool holds, std::string_view allowed) const {
    if (!holds) reject(allowed);
  }

  [[nodiscard]] bool has(std::string_view key) const;
  /// The member of this object called `key`. Throws as reject() does where there is none.
  [[nodiscard]] JsonField at(std::string_view key, std::string_view allowed) const;
  /// Entry `index` of this list.
  [[nodiscard]] JsonField entry(std::size_t index) const;

  [[nodiscard]] const nlohmann::json& json() const { return *value_; }
  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  const nlohmann::json* value_;
  std::string path_;
};

/// `line` as JSON. Throws std::invalid_argument when it is none.
nlohmann::json parse_line(std::string_view line);

}  // namespace twofour::report
