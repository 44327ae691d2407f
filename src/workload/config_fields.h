// The fields of a model's config.json: read with one set of rules, and remembered, so that those
// that were never asked for can be named.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace twofour::workload {

/// The text of a config.json as JSON. Python writes Infinity and NaN, which are not JSON: they are
/// read as null. Throws std::invalid_argument as input::parse_json() does.
nlohmann::json parse_config(std::string_view text);

/// A field that is not what is allowed; what() names the file, the field, its value and that.
struct FieldError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

class ConfigFields {
 public:
  /// `path` is how messages call the object: empty for the whole file.
  ConfigFields(const nlohmann::json& object, std::string path, std::string_view file)
      : object_(&object), path_(std::move(path)), file_(file) {}

  /// Whether the field is there and not null.
  [[nodiscard]] bool has(const std::string& name) const;
  /// Its value; null where it is not there.
  [[nodiscard]] const nlohmann::json& value(const std::string& name) const;
  /// A whole number from 1 to kMaxDimension, or from `low`; nothing where it is not there. Throws
  /// FieldError for anything else, as all that follow.
  [[nodiscard]] std::optional<std::int64_t> number(const std::string& name,
                                                   std::int64_t low = 1) const;
  /// The same, of the first of several names that is there.
  [[nodiscard]] std::optional<std::int64_t> first_of(const std::vector<std::string>& names,
                                                     std::int64_t low = 1) const;
  /// Throws where it is not there.
  [[nodiscard]] std::int64_t required(const std::string& name) const;
  /// true or false; `standard` where it is not there.
  [[nodiscard]] bool flag(const std::string& name, bool standard) const;
  [[nodiscard]] std::string text(const std::string& name) const;  ///< empty: not there
  /// A list with one entry for each of `length` layers; null where it is not there.
  [[nodiscard]] const nlohmann::json* list(const std::string& name, std::int64_t length) const;
  /// The members of an object in it; nothing where it is not there.
  [[nodiscard]] std::optional<ConfigFields> inner(const std::string& name) const;

  [[noreturn]] void reject(const std::string& name, std::string_view allowed) const;
  /// The names that no call above was for.
  [[nodiscard]] std::vector<std::string> never_read() const;

 private:
  const nlohmann::json* object_;
  std::string path_;
  std::string_view file_;
  mutable std::set<std::string> read_;
};

}  // namespace twofour::workload
