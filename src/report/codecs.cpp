#include "report/codecs.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "report/numbers.h"

namespace twofour::report {

bool in_csv(const FieldBase& field) {
  const FieldList inner = field.inner();
  return !field.csv.front().empty() ||
         std::any_of(inner.begin(), inner.end(), [](const FieldBase* f) { return in_csv(*f); });
}

std::string Text::read(const JsonField& field, int /*version*/) {
  field.require(field.json().is_string(), allowed());
  return field.json().get<std::string>();
}

bool YesOrNo::read(const JsonField& field, int /*version*/) {
  field.require(field.json().is_boolean(), allowed());
  return field.json().get<bool>();
}

void YesOrNo::cells(const bool* value, Cells& cells) {
  cells.emplace_back(value == nullptr ? "" : *value ? "true" : "false");
}

double Number::read(const JsonField& field, int /*version*/) {
  if (field.json().is_null()) return std::numeric_limits<double>::quiet_NaN();
  field.require(field.json().is_number(), allowed());
  return field.json().get<double>();
}

void Number::cells(const double* value, Cells& cells) {
  cells.push_back(value == nullptr ? std::string() : exact_number(*value));
}

double ErrorSize::read(const JsonField& field, int version) {
  const double error = Number::read(field, version);
  return std::isnan(error) ? std::numeric_limits<double>::infinity() : error;
}

std::optional<double> OptionalNumber::read(const JsonField& field, int version) {
  const double value = Number::read(field, version);
  return std::isnan(value) ? std::nullopt : std::optional(value);
}

std::string whole_allowed(std::int64_t low, std::int64_t high) {
  return fmt::format("a whole number from {} to {}", low, high);
}

std::int64_t read_whole(const JsonField& field, std::int64_t low, std::int64_t high) {
  const nlohmann::json& value = field.json();
  const bool fits =
      value.is_number_integer() &&
      (!value.is_number_unsigned() || std::in_range<std::int64_t>(value.get<std::uint64_t>()));
  const std::int64_t whole = fits ? value.get<std::int64_t>() : 0;
  field.require(fits && whole >= low && whole <= high, whole_allowed(low, high));
  return whole;
}

std::string Unsigned::allowed() {
  return fmt::format("a whole number from 0 to {}", std::numeric_limits<std::uint64_t>::max());
}

std::uint64_t Unsigned::read(const JsonField& field, int /*version*/) {
  field.require(field.json().is_number_unsigned(), allowed());
  return field.json().get<std::uint64_t>();
}

Json Unsigned::schema() {
  return {
      {"type", "integer"}, {"minimum", 0}, {"maximum", std::numeric_limits<std::uint64_t>::max()}};
}

OptionalSize::Value OptionalSize::read(const JsonField& field, int /*version*/) {
  if (field.json().is_null()) return std::nullopt;
  field.require(field.json().is_number_unsigned(), allowed());
  const auto size = field.json().get<std::uint64_t>();
  return size == 0 ? std::nullopt : std::optional<std::size_t>(size);
}

Json OptionalSize::schema() { return {{"type", {"integer", "null"}}, {"minimum", 1}}; }

OptionalText::Value OptionalText::read(const JsonField& field, int /*version*/) {
  if (field.json().is_null()) return std::nullopt;
  field.require(field.json().is_string(), allowed());
  return field.json().get<std::string>();
}

std::string choices_allowed(std::span<const std::string_view> names) {
  std::vector<std::string_view> filled;
  std::copy_if(names.begin(), names.end(), std::back_inserter(filled),
               [](std::string_view name) { return !name.empty(); });
  const bool any_empty = filled.size() < names.size();
  return fmt::format("{}{}", fmt::join(filled, ", "), any_empty ? " or an empty text" : "");
}

std::size_t read_choice(const JsonField& field, std::span<const std::string_view> names) {
  const auto found = std::find_if(names.begin(), names.end(), [&](std::string_view name) {
    return field.json().is_string() && field.json().get_ref<const std::string&>() == name;
  });
  field.require(found != names.end(), choices_allowed(names));
  return static_cast<std::size_t>(found - names.begin());
}

namespace {

std::vector<std::string_view> type_names() {
  std::vector<std::string_view> names;
  names.reserve(std::size(kDataTypes));
  for (const DataTypeInfo& type : kDataTypes) names.push_back(type.cli_name);
  return names;
}

}  // namespace

std::string TypeName::allowed() { return choices_allowed(type_names()); }

DataType TypeName::read(const JsonField& field, int /*version*/) {
  return kDataTypes[read_choice(field, type_names())].type;
}

Json TypeName::schema() { return {{"enum", type_names()}}; }

std::vector<std::string> Texts::read(const JsonField& field, int /*version*/) {
  const nlohmann::json& list = field.json();
  field.require(list.is_array() && std::all_of(list.begin(), list.end(),
                                               [](const auto& text) { return text.is_string(); }),
                allowed());
  return list.get<std::vector<std::string>>();
}

void Texts::cells(const Value* value, Cells& cells) {
  cells.push_back(value == nullptr ? std::string() : fmt::format("{}", fmt::join(*value, " ")));
}

std::vector<double> Numbers::read(const JsonField& field, int version) {
  field.require(field.json().is_array(), allowed());
  std::vector<double> numbers;
  numbers.reserve(field.json().size());
  for (const nlohmann::json& value : field.json()) {
    numbers.push_back(Number::read({value, field.path() + "[]"}, version));
  }
  return numbers;
}

Interval Ends::read(const JsonField& field, int version) {
  const std::vector<double> ends = Numbers::read(field, version);
  field.require(ends.size() == 2, allowed());
  return {ends[0], ends[1]};
}

Json Ends::schema() {
  return {{"type", "array"}, {"items", Number::schema()}, {"minItems", 2}, {"maxItems", 2}};
}

void Ends::cells(const Interval* value, Cells& cells) {
  Number::cells(value == nullptr ? nullptr : &value->low, cells);
  Number::cells(value == nullptr ? nullptr : &value->high, cells);
}

Json object_schema(const FieldList& fields) {
  Json required = Json::array();
  Json properties = Json::object();
  for (const FieldBase* field : fields) {
    if (!field->optional) required.push_back(field->name);
    properties[std::string(field->name)] = field->schema();
  }
  return {{"type", "object"},
          {"required", required},
          {"additionalProperties", false},
          {"properties", properties}};
}

}  // namespace twofour::report
