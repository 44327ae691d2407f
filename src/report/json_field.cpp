#include "report/json_field.h"

#include <fmt/format.h>

#include <stdexcept>
#include <utility>

namespace twofour::report {
namespace {

constexpr std::size_t kLongestValue = 80;

}  // namespace

void JsonField::reject(std::string_view allowed) const {
  std::string value = value_->dump(-1, ' ', true);
  if (value.size() > kLongestValue) value = value.substr(0, kLongestValue) + "...";
  const std::string name = path_.empty() ? "the line" : fmt::format("field '{}'", path_);
  throw std::invalid_argument(
      fmt::format("{} has the value {}; allowed: {}", name, value, allowed));
}

JsonField JsonField::at(const char* key, std::string_view allowed) const {
  if (!value_->is_object()) reject("an object");
  const std::string path = path_.empty() ? key : path_ + "." + key;
  const auto member = value_->find(key);
  if (member == value_->end()) {
    throw std::invalid_argument(fmt::format("field '{}' is missing; allowed: {}", path, allowed));
  }
  return {*member, path};
}

std::string JsonField::text(const char* key) const {
  const JsonField field = at(key, "a text");
  if (!field.value_->is_string()) field.reject("a text");
  return field.value_->get<std::string>();
}

bool JsonField::boolean(const char* key) const {
  const JsonField field = at(key, "true or false");
  if (!field.value_->is_boolean()) field.reject("true or false");
  return field.value_->get<bool>();
}

double JsonField::as_number() const {
  if (value_->is_null()) return std::numeric_limits<double>::quiet_NaN();
  if (!value_->is_number()) reject("a number or null");
  return value_->get<double>();
}

double JsonField::number(const char* key) const { return at(key, "a number or null").as_number(); }

std::int64_t JsonField::whole(const char* key, std::int64_t low, std::int64_t high) const {
  const std::string allowed = fmt::format("a whole number from {} to {}", low, high);
  const JsonField field = at(key, allowed);
  const nlohmann::json& value = *field.value_;
  if (!value.is_number_integer()) field.reject(allowed);
  if (value.is_number_unsigned() && !std::in_range<std::int64_t>(value.get<std::uint64_t>())) {
    field.reject(allowed);
  }
  const auto whole = value.get<std::int64_t>();
  if (whole < low || whole > high) field.reject(allowed);
  return whole;
}

std::uint64_t JsonField::unsigned_whole(const char* key) const {
  const std::string allowed =
      fmt::format("a whole number from 0 to {}", std::numeric_limits<std::uint64_t>::max());
  const JsonField field = at(key, allowed);
  if (!field.value_->is_number_unsigned()) field.reject(allowed);
  return field.value_->get<std::uint64_t>();
}

JsonField JsonField::object(const char* key) const {
  JsonField field = at(key, "an object");
  if (!field.value_->is_object()) field.reject("an object");
  return field;
}

std::vector<std::string> JsonField::texts(const char* key) const {
  const JsonField field = at(key, "a list of texts");
  if (!field.value_->is_array()) field.reject("a list of texts");
  std::vector<std::string> texts;
  for (const nlohmann::json& value : *field.value_) {
    if (!value.is_string()) field.reject("a list of texts");
    texts.push_back(value.get<std::string>());
  }
  return texts;
}

std::vector<double> JsonField::numbers(const char* key) const {
  const JsonField field = at(key, "a list of numbers");
  if (!field.value_->is_array()) field.reject("a list of numbers");
  std::vector<double> numbers;
  numbers.reserve(field.value_->size());
  for (const nlohmann::json& value : *field.value_) {
    numbers.push_back(JsonField(value, field.path_ + "[]").as_number());
  }
  return numbers;
}

}  // namespace twofour::report
