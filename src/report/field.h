// What a member of a result line is: its name, unit and meaning, how it is written and read, and
// its columns. record_fields.cpp and environment_fields.cpp list the members; the .jsonl, its
// reader, the .csv, schema/ and the tables in docs/records.md follow from those lists.
#pragma once

#include <array>
#include <nlohmann/json.hpp>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/environment.h"
#include "core/record.h"
#include "report/json_field.h"

namespace twofour::report {

using Json = nlohmann::ordered_json;
/// Of one row of the .csv.
using Cells = std::vector<std::string>;

/// What is said of a member.
struct FieldInfo {
  std::string_view name;  ///< in its JSON object
  std::string_view unit;  ///< empty: none, or it is a text
  std::string_view meaning;
  /// Names of its columns in the .csv, one for each cell of its codec. For an object they replace
  /// the names that its own members have.
  std::array<std::string_view, 5> csv{};
  /// Its columns stand behind this one; empty: where the member stands.
  std::string_view after;
  int since = 1;          ///< the schema version that brought it
  bool optional = false;  ///< absent where it has its default value
};

struct FieldBase;
/// The members of an object.
using FieldList = std::vector<const FieldBase*>;

/// A member, whatever it is a member of.
struct FieldBase : FieldInfo {
  bool derived = false;        ///< follows from the others, and is not read
  Json (*schema)() = nullptr;  ///< JSON Schema of its value
  FieldList (*inner)() = nullptr;
};

/// A member of `Owner`. `version` is the schema version of the line.
template <class Owner>
struct Field : FieldBase {
  Json (*write)(const Owner& owner, int version) = nullptr;
  /// Throws std::invalid_argument naming the field, its value and what is allowed.
  void (*read)(const JsonField& value, Owner& owner, int version) = nullptr;
  /// What a message says is allowed.
  std::string (*allowed)() = nullptr;
  bool (*is_default)(const Owner& owner) = nullptr;
  /// Appends what the columns hold; empty texts where there is no owner.
  void (*cells)(const Owner* owner, Cells& cells) = nullptr;
};

std::span<const Field<Record>> record_fields();
std::span<const Field<Environment>> environment_fields();

/// Whether a member, or one of its own members, has a column.
bool in_csv(const FieldBase& field);

namespace detail {

template <class Member>
struct OwnerOfMember;
template <class Owner, class Value>
struct OwnerOfMember<Value Owner::*> {
  using type = Owner;
};
template <auto First, auto...>
struct OwnerOfPath {
  using type = typename OwnerOfMember<decltype(First)>::type;
};

}  // namespace detail

/// What a codec reads: of a shared text the text.
template <class Value>
const Value* value_of(const Value& member) {
  return &member;
}
inline const std::string* value_of(const SharedText& member) { return &member.str(); }

/// What the first of the pointers to members belongs to.
template <auto... Path>
using OwnerOf = typename detail::OwnerOfPath<Path...>::type;

/// The member that the pointers lead to, one after the other.
template <auto First, auto... Rest, class Owner>
auto& follow(Owner& owner) {
  return ((owner.*First).*....*Rest);
}

/// A member that is written and read by `Codec` (codecs.h).
template <class Codec, auto... Path>
constexpr auto member(const FieldInfo& told) {
  using Owner = OwnerOf<Path...>;
  Field<Owner> field{{told, false, Codec::schema, Codec::inner}};
  field.write = [](const Owner& owner, int version) {
    return Codec::write(follow<Path...>(owner), version);
  };
  field.read = [](const JsonField& value, Owner& owner, int version) {
    follow<Path...>(owner) = Codec::read(value, version);
  };
  field.allowed = Codec::allowed;
  field.is_default = [](const Owner& owner) {
    const Owner usual{};
    return follow<Path...>(owner) == follow<Path...>(usual);
  };
  field.cells = [](const Owner* owner, Cells& cells) {
    Codec::cells(owner == nullptr ? nullptr : value_of(follow<Path...>(*owner)), cells);
  };
  return field;
}

/// A member that `compute` makes of the others.
template <class Owner, class Codec, typename Codec::Value (*compute)(const Owner&)>
constexpr auto derived(const FieldInfo& told) {
  Field<Owner> field{{told, true, Codec::schema, Codec::inner}};
  field.write = [](const Owner& owner, int version) {
    return Codec::write(compute(owner), version);
  };
  field.cells = [](const Owner* owner, Cells& cells) {
    if (owner == nullptr) return Codec::cells(nullptr, cells);
    const typename Codec::Value value = compute(*owner);
    Codec::cells(&value, cells);
  };
  return field;
}

template <class Owner>
Json write_fields(std::span<const Field<Owner>> fields, const Owner& owner, int version) {
  Json json = Json::object();
  for (const Field<Owner>& field : fields) {
    if (field.since > version || (field.optional && field.is_default(owner))) continue;
    json[std::string(field.name)] = field.write(owner, version);
  }
  return json;
}

template <class Owner>
Cells cells_of(std::span<const Field<Owner>> fields, const Owner& owner) {
  Cells cells;
  for (const Field<Owner>& field : fields) {
    if (in_csv(field)) field.cells(&owner, cells);
  }
  return cells;
}

/// Members that the fields do not have are passed over.
template <class Owner>
void read_fields(std::span<const Field<Owner>> fields, const JsonField& json, Owner& owner,
                 int version) {
  for (const Field<Owner>& field : fields) {
    if (field.derived || field.since > version) continue;
    if (field.optional && !json.has(field.name)) continue;
    field.read(json.at(field.name, field.allowed()), owner, version);
  }
}

template <class Owner>
FieldList list_of(std::span<const Field<Owner>> fields) {
  FieldList list;
  list.reserve(fields.size());
  for (const Field<Owner>& field : fields) list.push_back(&field);
  return list;
}

}  // namespace twofour::report
