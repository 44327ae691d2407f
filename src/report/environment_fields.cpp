// The members of the environment, the first line of a .jsonl, one row each, in its order.
#include <array>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "core/environment.h"
#include "report/codecs.h"
#include "report/shared_fields.h"

namespace twofour::report {
namespace {

constexpr char kUtcPattern[] = "^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z$";

/// Texts by a name of their own.
struct Details : Leaf {
  using Value = std::map<std::string, std::string>;
  static std::string allowed() { return "an object"; }
  static Json write(const Value& details, int /*version*/) {
    Json json = Json::object();
    for (const auto& [name, value] : details) json[name] = value;
    return json;
  }
  static Value read(const JsonField& field, int version) {
    field.require(field.json().is_object(), allowed());
    Value details;
    for (const auto& [name, value] : field.json().items()) {
      details[name] = Text::read(field.at(name, Text::allowed()), version);
    }
    return details;
  }
  static Json schema() { return {{"type", "object"}, {"additionalProperties", Text::schema()}}; }
  static void cells(const Value* /*details*/, Cells& cells) { cells.emplace_back(); }
};

/// Rates by type.
struct Rates : Leaf {
  using Value = std::map<DataType, double>;
  static std::string allowed() { return "an object whose members are " + TypeName::allowed(); }
  static Json write(const Value& rates, int /*version*/) {
    Json json = Json::object();
    for (const auto& [type, rate] : rates) json[std::string(info(type).cli_name)] = rate;
    return json;
  }
  static Value read(const JsonField& field, int version) {
    field.require(field.json().is_object(), "an object");
    Value rates;
    for (const auto& [name, value] : field.json().items()) {
      const auto type = data_type_from_cli_name(name);
      if (!type) field.reject(allowed());
      const double rate = Number::read(field.at(name, Number::allowed()), version);
      if (rate != 0) rates[*type] = rate;  // 0, which none is, stands for one that is not known
    }
    return rates;
  }
  static Json schema() {
    Json properties = Json::object();
    for (const DataTypeInfo& type : kDataTypes) {
      properties[std::string(type.cli_name)] = NeverZero::schema();
    }
    return {{"type", "object"}, {"additionalProperties", false}, {"properties", properties}};
  }
  static void cells(const Value* /*rates*/, Cells& cells) { cells.emplace_back(); }
};

struct Libraries : Leaf {
  using Value = std::vector<std::pair<std::string, std::string>>;
  static std::string allowed() { return "a list of objects {name, version}"; }
  static Json write(const Value& libraries, int /*version*/) {
    Json json = Json::array();
    for (const auto& [name, version] : libraries) {
      json.push_back({{"name", name}, {"version", version}});
    }
    return json;
  }
  static Value read(const JsonField& field, int version) {
    field.require(field.json().is_array(), allowed());
    Value libraries;
    libraries.reserve(field.json().size());
    for (std::size_t i = 0; i < field.json().size(); ++i) {
      const JsonField library = field.entry(i);
      const auto text = [&](const char* key) {
        return Text::read(library.at(key, Text::allowed()), version);
      };
      libraries.emplace_back(text("name"), text("version"));
    }
    return libraries;
  }
  static Json schema() {
    return {{"type", "array"},
            {"items",
             {{"type", "object"},
              {"required", {"name", "version"}},
              {"additionalProperties", false},
              {"properties", {{"name", Text::schema()}, {"version", Text::schema()}}}}}};
  }
  static void cells(const Value* /*libraries*/, Cells& cells) { cells.emplace_back(); }
};

struct Switches : Leaf {
  using Value = std::vector<EnvironmentSwitch>;
  static std::string allowed() { return "a list of objects {name, value, cleared}"; }
  static Json write(const Value& switches, int /*version*/) {
    Json json = Json::array();
    for (const EnvironmentSwitch& set : switches) {
      json.push_back({{"name", set.name}, {"value", set.value}, {"cleared", set.cleared}});
    }
    return json;
  }
  static Value read(const JsonField& field, int version) {
    field.require(field.json().is_array(), allowed());
    Value switches;
    switches.reserve(field.json().size());
    for (std::size_t i = 0; i < field.json().size(); ++i) {
      const JsonField set = field.entry(i);
      switches.push_back(
          {.name = Text::read(set.at("name", Text::allowed()), version),
           .value = Text::read(set.at("value", Text::allowed()), version),
           .cleared = YesOrNo::read(set.at("cleared", YesOrNo::allowed()), version)});
    }
    return switches;
  }
  static Json schema() {
    return {{"type", "array"},
            {"minItems", 1},
            {"items",
             {{"type", "object"},
              {"required", {"name", "value", "cleared"}},
              {"additionalProperties", false},
              {"properties",
               {{"name", Name::schema()},
                {"value", Text::schema()},
                {"cleared", YesOrNo::schema()}}}}}};
  }
  static void cells(const Value* /*switches*/, Cells& cells) { cells.emplace_back(); }
};

std::string line_type(const Environment& /*environment*/) { return kEnvironmentType; }

// clang-format off
constexpr FieldInfo kKind{.name = "kind", .meaning = "`cpu` or `cuda`", .csv = {"device_kind"}};
constexpr FieldInfo kOrdinal{.name = "ordinal", .meaning = "from 0, among the visible devices of its kind", .csv = {"device_ordinal"}, .since = 2};
constexpr FieldInfo kName{.name = "name", .meaning = "\"AMD EPYC 9R14\", \"NVIDIA H200\"", .csv = {"device_name"}};
constexpr FieldInfo kUuid{.name = "uuid", .meaning = "of a GPU, as nvidia-smi prints it; empty: none, or not known", .csv = {"device_uuid"}, .since = 2};
constexpr FieldInfo kPciAddress{.name = "pci_address", .meaning = "of a GPU, \"0000:18:00.0\"; empty: none, or not known", .csv = {"device_pci_address"}, .since = 2};

std::span<const Field<DeviceInfo>> device_fields() {
  using D = DeviceInfo;
  static constexpr std::array kFields{
    member<Choice<kDeviceKindNames>, &D::id, &DeviceId::kind>(kKind),
    member<Whole<int, 0>, &D::id, &DeviceId::ordinal>(kOrdinal),
    member<Text, &D::id, &DeviceId::name>(kName),
    member<Text, &D::id, &DeviceId::uuid>(kUuid),
    member<Text, &D::id, &DeviceId::pci_address>(kPciAddress),
    member<Text, &D::architecture>({.name = "architecture", .meaning = "best instruction set, or compute capability"}),
    member<OptionalSize, &D::last_level_cache_bytes>({.name = "last_level_cache_bytes", .unit = "bytes", .meaning = "`null`: not known"}),
    member<Text, &D::last_level_cache_source>({.name = "last_level_cache_source", .meaning = "where the size was read, and what it may include"}),
    member<OptionalSize, &D::memory_bytes>({.name = "memory_bytes", .unit = "bytes", .meaning = "`null`: not known"}),
    member<Whole<int, 0>, &D::threads>({.name = "threads", .meaning = "of the host that compute, as many as there really were; 1 on a GPU"}),
    member<Details, &D::details>({.name = "details", .meaning = "an object of texts: flags, caches, governor, driver, the memory that was reserved before the first case and how long that took, ..."}),
  };
  return kFields;
}

std::span<const Field<Roofs>> roof_fields() {
  static constexpr std::array kFields{
    member<Rates, &Roofs::multiply_adds_per_s>({.name = "multiply_adds_per_s", .unit = "1/s", .meaning = "an object by type; a multiply-add is two operations"}),
    member<Rates, &Roofs::sparse_multiply_adds_per_s>({.name = "sparse_multiply_adds_per_s", .unit = "1/s", .meaning = "the same for 2:4 instructions, dense-equivalent"}),
    member<NeverZero, &Roofs::read_bytes_per_s>({.name = "read_bytes_per_s", .unit = "bytes/s", .meaning = "out of cache; `null`: not known"}),
  };
  return kFields;
}

}  // namespace

std::span<const Field<DeviceId>> device_id_fields() {
  using D = DeviceId;
  static constexpr std::array kFields{
    member<Choice<kDeviceKindNames>, &D::kind>(kKind), member<Whole<int, 0>, &D::ordinal>(kOrdinal),
    member<Text, &D::name>(kName), member<Text, &D::uuid>(kUuid), member<Text, &D::pci_address>(kPciAddress),
  };
  return kFields;
}

std::span<const Field<Environment>> environment_fields() {
  using E = Environment;
  static constexpr std::array kFields{
    derived<E, Constant<kEnvironmentType>, line_type>({.name = "type", .meaning = "\"environment\""}),
    member<SchemaVersion, &E::schema_version>({.name = "schema_version", .meaning = "2"}),
    member<Text, &E::twofour_version>({.name = "twofour_version", .meaning = "of the program"}),
    member<Text, &E::git_commit>({.name = "git_commit", .meaning = "that it was built from"}),
    member<Text, &E::build_type>({.name = "build_type", .meaning = "of CMake"}),
    member<Text, &E::compiler>({.name = "compiler", .meaning = "and its version"}),
    member<Texts, &E::argv>({.name = "argv", .meaning = "the command line, a list of words"}),
    member<Patterned<kUtcPattern>, &E::started_utc>({.name = "started_utc", .meaning = "when the run started, ISO 8601"}),
    member<Whole<std::int64_t, std::numeric_limits<std::int64_t>::min()>, &E::started_unix_s>({.name = "started_unix_s", .unit = "s", .meaning = "the same, since 1970"}),
    member<Text, &E::host_cpu>({.name = "host_cpu", .meaning = "of the machine"}),
    member<Text, &E::operating_system>({.name = "operating_system", .meaning = "and its kernel"}),
    member<OptionalNotNegative, &E::load_average_1min>({.name = "load_average_1min", .meaning = "at the start: above 0 on an idle machine means that something else runs; `null`: not readable"}),
    member<Unsigned, &E::seed>({.name = "seed", .meaning = "of the operands"}),
    member<Text, &E::operand_distribution>({.name = "operand_distribution", .meaning = "how operands were drawn, in words; timings depend on it through power"}),
    member<Object<DeviceInfo, device_fields>, &E::device>({.name = "device", .meaning = "what computes"}),
    member<Object<Roofs, roof_fields>, &E::roofs>({.name = "roofs", .meaning = "measured at the start"}),
    member<Libraries, &E::libraries>({.name = "libraries", .meaning = "list of objects, `name` and `version` of each provider"}),
    member<Name, &E::cases>({.name = "cases", .meaning = "a fingerprint of the cases, where `--models-file`, `--model-config` or `--model-dir` told models, so that `--resume` sees when the files have changed; absent where none did", .optional = true}),
    member<Switches, &E::switches>({.name = "switches", .meaning = "list of objects: `name` and `value` of each variable of the environment that changes what is measured or printed, and whether it was `cleared` for the process that measured; absent where none was set", .optional = true}),
  };
  return kFields;
}
// clang-format on

}  // namespace twofour::report
