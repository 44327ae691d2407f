// How a type of value is written and read: the rules that the lists of fields choose from. Each
// has a Value, the words for what is allowed, write and read for JSON, the JSON Schema of its
// value, the cells of its columns, and the members that it has itself.
#pragma once

#include <cstdint>
#include <iterator>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "report/field.h"

namespace twofour::report {

struct Leaf {
  static FieldList inner() { return {}; }
};

struct Text : Leaf {
  using Value = std::string;
  static std::string allowed() { return "a text"; }
  static Json write(const std::string& value, int /*version*/) { return value; }
  static std::string read(const JsonField& field, int version);
  static Json schema() { return {{"type", "string"}}; }
  static void cells(const std::string* value, Cells& cells) {
    cells.push_back(value == nullptr ? std::string() : *value);
  }
};

/// A text that is never empty in what a run writes.
struct Name : Text {
  static Json schema() { return {{"type", "string"}, {"minLength", 1}}; }
};

/// A text that matches a regular expression in what a run writes.
template <const char* kPattern>
struct Patterned : Text {
  static Json schema() { return {{"type", "string"}, {"pattern", kPattern}}; }
};

struct YesOrNo : Leaf {
  using Value = bool;
  static std::string allowed() { return "true or false"; }
  static Json write(bool value, int /*version*/) { return value; }
  static bool read(const JsonField& field, int version);
  static Json schema() { return {{"type", "boolean"}}; }
  static void cells(const bool* value, Cells& cells);
};

/// A number; null stands for one that is not finite, and is read as NaN.
struct Number : Leaf {
  using Value = double;
  static std::string allowed() { return "a number or null"; }
  static Json write(double value, int /*version*/) { return value; }
  static double read(const JsonField& field, int version);
  static Json schema() { return {{"type", {"number", "null"}}}; }
  static void cells(const double* value, Cells& cells);
};

struct NotNegative : Number {
  static Json schema() { return {{"type", {"number", "null"}}, {"minimum", 0}}; }
};

struct Share : Number {
  static Json schema() { return {{"type", {"number", "null"}}, {"minimum", 0}, {"maximum", 1}}; }
};

/// An error that is written as null was beyond all bounds: an element that was NaN, or any error
/// where the tolerance is zero. It is read as infinity.
struct ErrorSize : NotNegative {
  static double read(const JsonField& field, int version);
};

/// A number that need not be known: null.
struct OptionalNumber : Leaf {
  using Value = std::optional<double>;
  static std::string allowed() { return Number::allowed(); }
  static Json write(const Value& value, int /*version*/) {
    return value ? Json(*value) : Json(nullptr);
  }
  static Value read(const JsonField& field, int version);
  static Json schema() { return Number::schema(); }
  static void cells(const Value* value, Cells& cells) {
    Number::cells(value != nullptr && *value ? &**value : nullptr, cells);
  }
};

struct OptionalNotNegative : OptionalNumber {
  static Json schema() { return NotNegative::schema(); }
};

/// The same; version 1 wrote 0 where it was not known.
struct OnceZero : OptionalNotNegative {
  static Json write(const Value& value, int version) {
    return version == 1 ? Json(value.value_or(0)) : OptionalNumber::write(value, version);
  }
  static Value read(const JsonField& field, int version) {
    const Value value = OptionalNumber::read(field, version);
    return version == 1 && value == 0.0 ? std::nullopt : value;
  }
};

/// A bandwidth that need not be known; 0, which none is, stood for that in earlier files.
struct NeverZero : OptionalNotNegative {
  static Json write(const Value& value, int version) { return OnceZero::write(value, version); }
  static Value read(const JsonField& field, int version) {
    const Value value = OptionalNumber::read(field, version);
    return value == 0.0 ? std::nullopt : value;
  }
  static Json schema() { return {{"type", {"number", "null"}}, {"exclusiveMinimum", 0}}; }
};

std::int64_t read_whole(const JsonField& field, std::int64_t low, std::int64_t high);
std::string whole_allowed(std::int64_t low, std::int64_t high);

template <class Integer, Integer kLow, Integer kHigh = std::numeric_limits<Integer>::max()>
struct Whole : Leaf {
  using Value = Integer;
  static std::string allowed() { return whole_allowed(kLow, kHigh); }
  static Json write(Integer value, int /*version*/) { return value; }
  static Integer read(const JsonField& field, int /*version*/) {
    return static_cast<Integer>(read_whole(field, kLow, kHigh));
  }
  static Json schema() {
    Json schema{{"type", "integer"}};
    if (kLow != std::numeric_limits<Integer>::min()) schema["minimum"] = kLow;
    return schema;
  }
  static void cells(const Integer* value, Cells& cells) {
    cells.push_back(value == nullptr ? std::string() : std::to_string(*value));
  }
};

/// 0 to 2^64 - 1.
struct Unsigned : Leaf {
  using Value = std::uint64_t;
  static std::string allowed();
  static Json write(std::uint64_t value, int /*version*/) { return value; }
  static std::uint64_t read(const JsonField& field, int version);
  static Json schema();
  static void cells(const std::uint64_t* value, Cells& cells) {
    cells.push_back(value == nullptr ? std::string() : std::to_string(*value));
  }
};

/// A size that need not be known: null. 0, which none is, stood for that in earlier files.
struct OptionalSize : Leaf {
  using Value = std::optional<std::size_t>;
  static std::string allowed() { return Unsigned::allowed() + " or null"; }
  static Json write(const Value& value, int version) {
    if (!value && version > 1) return nullptr;
    return value.value_or(0);
  }
  static Value read(const JsonField& field, int version);
  static Json schema();
  static void cells(const Value* value, Cells& cells) {
    cells.push_back(value == nullptr || !*value ? std::string() : std::to_string(**value));
  }
};

/// A text that need not be known: null, which version 1 wrote as an empty one.
struct OptionalText : Leaf {
  using Value = std::optional<std::string>;
  static std::string allowed() { return "a text or null"; }
  static Json write(const Value& value, int version) {
    if (!value && version > 1) return nullptr;
    return value.value_or("");
  }
  static Value read(const JsonField& field, int version);
  static Json schema() { return {{"type", {"string", "null"}}}; }
  static void cells(const Value* value, Cells& cells) {
    cells.push_back(value == nullptr ? std::string() : value->value_or(""));
  }
};

/// `names` as a message lists them: "a, b, c", and an empty one as "a, b or an empty text".
std::string choices_allowed(std::span<const std::string_view> names);
/// The index of the name that `field` holds.
std::size_t read_choice(const JsonField& field, std::span<const std::string_view> names);

/// One value of an enumeration, by the name in `kTable`, whose entries are pairs of both.
template <const auto& kTable>
struct Choice : Leaf {
  using Value = std::remove_cvref_t<decltype(kTable[0].first)>;
  static std::vector<std::string_view> names() {
    std::vector<std::string_view> names;
    names.reserve(std::size(kTable));
    for (const auto& [value, name] : kTable) names.push_back(name);
    return names;
  }
  static std::string allowed() { return choices_allowed(names()); }
  static Json write(Value value, int /*version*/) { return to_string(value); }
  static Value read(const JsonField& field, int /*version*/) {
    return kTable[read_choice(field, names())].first;
  }
  static Json schema() { return {{"enum", names()}}; }
  static void cells(const Value* value, Cells& cells) {
    cells.emplace_back(value == nullptr ? std::string_view() : to_string(*value));
  }
};

/// As --dtype names it.
struct TypeName : Leaf {
  using Value = DataType;
  static std::string allowed();
  static Json write(DataType type, int /*version*/) { return info(type).cli_name; }
  static DataType read(const JsonField& field, int version);
  static Json schema();
  static void cells(const DataType* type, Cells& cells) {
    cells.emplace_back(type == nullptr ? std::string_view() : info(*type).cli_name);
  }
};

struct Texts : Leaf {
  using Value = std::vector<std::string>;
  static std::string allowed() { return "a list of texts"; }
  static Json write(const Value& value, int /*version*/) { return value; }
  static Value read(const JsonField& field, int version);
  static Json schema() { return {{"type", "array"}, {"items", Text::schema()}}; }
  static void cells(const Value* value, Cells& cells);
};

struct Numbers : Leaf {
  using Value = std::vector<double>;
  static std::string allowed() { return "a list of numbers"; }
  static Json write(const Value& value, int /*version*/) { return value; }
  static Value read(const JsonField& field, int version);
  static Json schema() { return {{"type", "array"}, {"items", NotNegative::schema()}}; }
  static void cells(const Value* /*value*/, Cells& cells) { cells.emplace_back(); }
};

/// [low, high]; two columns.
struct Ends : Leaf {
  using Value = Interval;
  static std::string allowed() { return "a list of two numbers: low, high"; }
  static Json write(const Interval& value, int /*version*/) { return {value.low, value.high}; }
  static Interval read(const JsonField& field, int version);
  static Json schema();
  static void cells(const Interval* value, Cells& cells);
};

/// JSON Schema of an object that has the members of `fields` and no others.
Json object_schema(const FieldList& fields);

template <class T, std::span<const Field<T>> (*kFields)()>
struct Object {
  using Value = T;
  static std::string allowed() { return "an object"; }
  static Json write(const T& value, int version) { return write_fields(kFields(), value, version); }
  static T read(const JsonField& field, int version) {
    field.require(field.json().is_object(), allowed());
    T value{};
    read_fields(kFields(), field, value, version);
    return value;
  }
  static FieldList inner() { return list_of(kFields()); }
  static Json schema() { return object_schema(inner()); }
  static void cells(const T* value, Cells& cells) {
    for (const Field<T>& field : kFields()) {
      if (in_csv(field)) field.cells(value, cells);
    }
  }
};

/// An object, or null where there is none.
template <class T, std::span<const Field<T>> (*kFields)()>
struct OptionalObject {
  using Inner = Object<T, kFields>;
  using Value = std::optional<T>;
  static std::string allowed() { return "an object or null"; }
  /// `Optional`: a Value, or a Boxed<T>.
  template <class Optional>
  static Json write(const Optional& value, int version) {
    return value ? Inner::write(*value, version) : Json(nullptr);
  }
  static Value read(const JsonField& field, int version) {
    if (field.json().is_null()) return std::nullopt;
    field.require(field.json().is_object(), allowed());
    return Inner::read(field, version);
  }
  static FieldList inner() { return Inner::inner(); }
  static Json schema() {
    Json schema = Inner::schema();
    schema["type"] = {"object", "null"};
    return schema;
  }
  template <class Optional>
  static void cells(const Optional* value, Cells& cells) {
    Inner::cells(value != nullptr && *value ? &**value : nullptr, cells);
  }
};

/// An object that is absent where there is none.
template <class T, std::span<const Field<T>> (*kFields)()>
struct PresentObject : OptionalObject<T, kFields> {
  static Json schema() { return OptionalObject<T, kFields>::Inner::schema(); }
};

}  // namespace twofour::report
