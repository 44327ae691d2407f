#include "workload/config_fields.h"

#include <fmt/format.h>

#include <initializer_list>

#include "input/json.h"
#include "workload/workload.h"

namespace twofour::workload {
namespace {

using nlohmann::json;

const json kNull;

bool is_word(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

/// The length of a number of Python's at `at` that JSON does not have; 0: there is none.
std::size_t python_number(std::string_view text, std::size_t at) {
  for (const std::string_view word : {"-Infinity", "Infinity", "NaN"}) {
    if (!text.substr(at).starts_with(word)) continue;
    const std::size_t end = at + word.size();
    if ((at == 0 || !is_word(text[at - 1])) && (end == text.size() || !is_word(text[end]))) {
      return word.size();
    }
  }
  return 0;
}

}  // namespace

json parse_config(std::string_view text) {
  std::string strict;
  strict.reserve(text.size());
  bool quoted = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (quoted && c == '\\' && i + 1 < text.size()) {
      strict += c;
      strict += text[++i];
      continue;
    }
    if (c == '"') quoted = !quoted;
    if (const std::size_t length = quoted ? 0 : python_number(text, i); length > 0) {
      strict += "null";
      i += length - 1;
      continue;
    }
    strict += c;
  }
  return input::parse_json(strict);
}

const json& ConfigFields::value(const std::string& name) const {
  read_.insert(name);
  const auto found = object_->find(name);
  return found == object_->end() ? kNull : *found;
}

bool ConfigFields::has(const std::string& name) const { return !value(name).is_null(); }

void ConfigFields::reject(const std::string& name, std::string_view allowed) const {
  const std::string field = path_.empty() ? name : path_ + "." + name;
  const json& there = value(name);
  throw FieldError(
      there.is_null()
          ? fmt::format("{}: {} is missing; allowed: {}", file_, field, allowed)
          : fmt::format("{}: {} is {}; allowed: {}", file_, field, input::shown(there), allowed));
}

std::optional<std::int64_t> ConfigFields::number(const std::string& name, std::int64_t low) const {
  const json& there = value(name);
  if (there.is_null()) return std::nullopt;
  const std::string allowed = fmt::format("a whole number from {} to {}", low, kMaxDimension);
  // A number that is beyond 63 bits is an unsigned one to the library.
  if (!there.is_number_integer() ||
      (there.is_number_unsigned() &&
       there.get<std::uint64_t>() > static_cast<std::uint64_t>(kMaxDimension))) {
    reject(name, allowed);
  }
  const auto number = there.get<std::int64_t>();
  if (number < low || number > kMaxDimension) reject(name, allowed);
  return number;
}

std::optional<std::int64_t> ConfigFields::first_of(const std::vector<std::string>& names,
                                                   std::int64_t low) const {
  std::optional<std::int64_t> first;
  for (const std::string& name : names) {
    const auto found = number(name, low);
    if (!first) first = found;
  }
  return first;
}

std::int64_t ConfigFields::required(const std::string& name) const {
  const auto found = number(name);
  if (!found) reject(name, fmt::format("a whole number from 1 to {}", kMaxDimension));
  return *found;
}

bool ConfigFields::flag(const std::string& name, bool standard) const {
  const json& there = value(name);
  if (there.is_null()) return standard;
  if (!there.is_boolean()) reject(name, "true or false");
  return there.get<bool>();
}

std::string ConfigFields::text(const std::string& name) const {
  const json& there = value(name);
  if (there.is_null()) return {};
  if (!there.is_string()) reject(name, "a text");
  return there.get<std::string>();
}

const json* ConfigFields::list(const std::string& name, std::int64_t length) const {
  const json& there = value(name);
  if (there.is_null()) return nullptr;
  if (!there.is_array() || static_cast<std::int64_t>(there.size()) != length) {
    reject(name, fmt::format("a list of {} entries, one for each layer", length));
  }
  return &there;
}

std::optional<ConfigFields> ConfigFields::inner(const std::string& name) const {
  const json& there = value(name);
  if (!there.is_object()) return std::nullopt;
  return ConfigFields(there, path_.empty() ? name : path_ + "." + name, file_);
}

std::vector<std::string> ConfigFields::never_read() const {
  std::vector<std::string> names;
  for (const auto& [name, there] : object_->items()) {
    if (!there.is_null() && !read_.contains(name)) names.push_back(name);
  }
  return names;
}

}  // namespace twofour::workload
