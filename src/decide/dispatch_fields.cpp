// The members of the dispatch table: its writer, its reader and schema/dispatch.schema.json follow
// from these lists.
#include <array>
#include <nlohmann/json.hpp>

#include "decide/dispatch.h"
#include "report/codecs.h"
#include "report/describe.h"
#include "report/shared_fields.h"

namespace twofour::decide {
namespace {

using report::Cells;
using report::Choice;
using report::Ends;
using report::Field;
using report::FieldList;
using report::Json;
using report::JsonField;
using report::member;
using report::Name;
using report::NotNegative;
using report::Object;
using report::OptionalNotNegative;
using report::Text;
using report::TypeName;
using report::Whole;
using report::YesOrNo;

constexpr char kDispatchType[] = "dispatch";
constexpr char kOutside[] = "dense";

struct Version : Whole<int, kDispatchVersion, kDispatchVersion> {
  static Json schema() { return {{"const", kDispatchVersion}}; }
};

struct OptionalEnds : report::Leaf {
  using Value = std::optional<Interval>;
  static std::string allowed() { return Ends::allowed() + ", or null"; }
  static Json write(const Value& ends, int version) {
    return ends ? Ends::write(*ends, version) : Json(nullptr);
  }
  static Value read(const JsonField& field, int version) {
    return field.json().is_null() ? Value() : Value(Ends::read(field, version));
  }
  static Json schema() {
    Json schema = Ends::schema();
    schema["type"] = {"array", "null"};
    return schema;
  }
  static void cells(const Value* /*value*/, Cells& cells) { cells.emplace_back(); }
};

/// A list of objects that have the members of `kFields`.
template <class T, std::span<const Field<T>> (*kFields)()>
struct List {
  using Item = Object<T, kFields>;
  using Value = std::vector<T>;
  static std::string allowed() { return "a list of objects"; }
  static Json write(const Value& items, int version) {
    Json list = Json::array();
    for (const T& item : items) list.push_back(Item::write(item, version));
    return list;
  }
  static Value read(const JsonField& field, int version) {
    field.require(field.json().is_array(), allowed());
    Value items;
    items.reserve(field.json().size());
    for (std::size_t i = 0; i < field.json().size(); ++i) {
      items.push_back(Item::read(field.entry(i), version));
    }
    return items;
  }
  static FieldList inner() { return Item::inner(); }
  static Json schema() { return {{"type", "array"}, {"items", Item::schema()}}; }
  static void cells(const Value* /*value*/, Cells& cells) { cells.emplace_back(); }
};

/// As records have it, in their version.
struct Device : Object<DeviceId, report::device_id_fields> {
  using Base = Object<DeviceId, report::device_id_fields>;
  static Json write(const DeviceId& id, int /*version*/) { return Base::write(id, kSchemaVersion); }
  static DeviceId read(const JsonField& field, int /*version*/) {
    return Base::read(field, kSchemaVersion);
  }
};

std::string type_of(const Dispatch& /*table*/) { return kDispatchType; }
std::string outside_of(const Dispatch& /*table*/) { return kOutside; }
int version_of(const Dispatch& /*table*/) { return kDispatchVersion; }

using Size = Whole<std::int64_t, 1>;

// clang-format off
std::span<const Field<DispatchPoint>> point_fields() {
  using P = DispatchPoint;
  static constexpr std::array kFields{
    member<Size, &P::m>({.name = "m", .meaning = "rows of A"}),
    member<NotNegative, &P::time_s>({.name = "time_s", .unit = "s", .meaning = "expected of a launch: its median"}),
    member<Ends, &P::time_interval_s>({.name = "time_interval_s", .unit = "s", .meaning = "95 % interval of that"}),
    member<OptionalNotNegative, &P::speed_up>({.name = "speed_up", .meaning = "of the best sparse kernel over dense at this M; `null`: one of them has no time"}),
    member<OptionalEnds, &P::speed_up_interval>({.name = "speed_up_interval", .meaning = "95 % interval of that"}),
  };
  return kFields;
}

std::span<const Field<DispatchRange>> range_fields() {
  using R = DispatchRange;
  static constexpr std::array kFields{
    member<Size, &R::first_m>({.name = "first_m", .meaning = "the smallest M of the range"}),
    member<Size, &R::last_m>({.name = "last_m", .meaning = "the largest, included"}),
    member<Choice<kSparsityNames>, &R::use>({.name = "use", .meaning = "`dense`, `2:4` or `6:8`"}),
    member<Text, &R::provider>({.name = "provider", .meaning = "library of the kernel; empty: none was measured"}),
    member<Text, &R::kernel>({.name = "kernel", .meaning = "its name; likewise"}),
    member<Choice<kStateNames>, &R::why>({.name = "why", .meaning = "`win`: the pattern is faster; `loss`: dense is; `unclear`: neither is for certain, or sizes within were not measured and their neighbours differ; `unknown`: a side has no time"}),
    member<List<DispatchPoint, point_fields>, &R::measured>({.name = "measured", .meaning = "what was measured of this kernel in the range, by ascending M"}),
  };
  return kFields;
}

std::span<const Field<DispatchLayer>> layer_fields() {
  using L = DispatchLayer;
  static constexpr std::array kFields{
    member<Device, &L::device>({.name = "device", .meaning = "what computed"}),
    member<Text, &L::model>({.name = "model", .meaning = "its name"}),
    member<Name, &L::layer>({.name = "layer", .meaning = "as in the rows"}),
    member<Size, &L::k>({.name = "k", .meaning = "of the weights K x N, on one device"}),
    member<Size, &L::n>({.name = "n", .meaning = "likewise"}),
    member<Whole<int, 1>, &L::tensor_parallel>({.name = "tensor_parallel", .meaning = "T of `--tp-sizes`"}),
    member<report::UnusualPattern, &L::pattern>({.name = "pattern", .meaning = "of the weights that sparse kernels multiply: `6:8`; absent where it is `2:4`", .optional = true}),
    member<TypeName, &L::dtype>({.name = "dtype", .meaning = "type of A and B"}),
    member<TypeName, &L::d>({.name = "d", .meaning = "type of D"}),
    member<Name, &L::scales>({.name = "scales", .meaning = "as `--scales` has it, or `none`"}),
    member<YesOrNo, &L::bias>({.name = "bias", .meaning = "whether the kernels add one"}),
    member<Choice<kCacheModeNames>, &L::cache>({.name = "cache", .meaning = "`cold` or `hot`: the weights, while it was measured"}),
    member<List<DispatchRange, range_fields>, &L::ranges>({.name = "ranges", .meaning = "by ascending M, without gaps, from the smallest measured M to the largest"}),
  };
  return kFields;
}

}  // namespace

std::span<const Field<Dispatch>> dispatch_fields() {
  using D = Dispatch;
  static constexpr std::array kFields{
    report::derived<D, report::Constant<kDispatchType>, type_of>({.name = "type", .meaning = "\"dispatch\""}),
    report::derived<D, Version, version_of>({.name = "schema_version", .meaning = "1"}),
    report::derived<D, report::Constant<kOutside>, outside_of>({.name = "outside", .meaning = "\"dense\": what to use at an M that no range has"}),
    member<List<DispatchLayer, layer_fields>, &D::layers>({.name = "layers", .meaning = "each layer on each device, with each type of D, with bias and without, cold and hot"}),
  };
  return kFields;
}
// clang-format on

std::string dispatch_json(const Dispatch& table) {
  constexpr int kIndent = 1;
  return report::write_fields(dispatch_fields(), table, kDispatchVersion)
             .dump(kIndent, ' ', false, Json::error_handler_t::replace) +
         "\n";
}

Dispatch parse_dispatch_json(std::string_view text) {
  const nlohmann::json document = report::parse_line(text);
  const JsonField field(document, "");
  field.require(document.is_object(), "an object");
  Dispatch table;
  report::read_fields(dispatch_fields(), field, table, kDispatchVersion);
  return table;
}

std::string dispatch_schema() {
  return report::object_schema_text("A dispatch table of twofour (docs/decide.md)",
                                    report::list_of(dispatch_fields()));
}

}  // namespace twofour::decide
