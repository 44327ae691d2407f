// A value in a JSON line together with the way to it, so that a message can name it.
#pragma once

#include <cstdint>
#include <limits>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace twofour::report {

/// Every member throws std::invalid_argument naming the field, its value and what is allowed.
class JsonField {
 public:
  JsonField(const nlohmann::json& value, std::string path)
      : value_(&value), path_(std::move(path)) {}

  [[noreturn]] void reject(std::string_view allowed) const;

  /// The member of this object called `key`.
  [[nodiscard]] JsonField at(const char* key, std::string_view allowed) const;

  [[nodiscard]] bool is_null() const { return value_->is_null(); }
  [[nodiscard]] const nlohmann::json& json() const { return *value_; }

  [[nodiscard]] std::string text(const char* key) const;
  [[nodiscard]] bool boolean(const char* key) const;
  /// NaN for null.
  [[nodiscard]] double number(const char* key) const;
  [[nodiscard]] std::int64_t whole(
      const char* key, std::int64_t low,
      std::int64_t high = std::numeric_limits<std::int64_t>::max()) const;
  [[nodiscard]] std::uint64_t unsigned_whole(const char* key) const;
  [[nodiscard]] JsonField object(const char* key) const;
  [[nodiscard]] std::vector<std::string> texts(const char* key) const;
  [[nodiscard]] std::vector<double> numbers(const char* key) const;

 private:
  [[nodiscard]] double as_number() const;

  const nlohmann::json* value_;
  std::string path_;
};

}  // namespace twofour::report
