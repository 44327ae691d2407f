// The inverse of json.cpp. Derived members (label, rates) are not read: they follow from the
// others.
#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <utility>

#include "report/json_field.h"
#include "report/report.h"

namespace twofour::report {
namespace {

constexpr int kMaxInt = std::numeric_limits<int>::max();

nlohmann::json parse_line(std::string_view line) {
  try {
    return nlohmann::json::parse(line);
  } catch (const nlohmann::json::parse_error& error) {
    throw std::invalid_argument(std::string("the line is not JSON: ") + error.what());
  }
}

/// The value among `choices` whose name the text `key` holds.
template <class Value>
Value choice(const JsonField& owner, const char* key,
             std::span<const std::pair<Value, std::string_view>> choices) {
  std::string allowed;
  for (const auto& [value, name] : choices) {
    if (!allowed.empty()) allowed += ", ";
    allowed += name;
  }
  const JsonField field = owner.at(key, allowed);
  for (const auto& [value, name] : choices) {
    if (field.json() == name) return value;
  }
  field.reject(allowed);
}

/// choice() among `values`, named by `name_of`.
template <class Value, std::size_t kCount, class NameOf>
Value choice_of(const JsonField& owner, const char* key, const Value (&values)[kCount],
                NameOf name_of) {
  std::array<std::pair<Value, std::string_view>, kCount> choices;
  for (std::size_t i = 0; i < kCount; ++i) choices[i] = {values[i], name_of(values[i])};
  return choice<Value>(owner, key, choices);
}

DataType read_type(const JsonField& owner, const char* key) {
  std::array<std::pair<DataType, std::string_view>, kDataTypes.size()> choices;
  for (std::size_t i = 0; i < choices.size(); ++i) {
    choices[i] = {kDataTypes[i].type, kDataTypes[i].cli_name};
  }
  return choice<DataType>(owner, key, choices);
}

/// The schema version of a line that must be of this type and version.
int read_header(const JsonField& line, std::string_view type, int version) {
  const JsonField field = line.at("type", type);
  if (field.json() != type) field.reject(type);
  return static_cast<int>(line.whole("schema_version", version, version));
}

GemmShape read_shape(const JsonField& owner, std::int64_t low) {
  return {.m = owner.whole("m", low), .n = owner.whole("n", low), .k = owner.whole("k", low)};
}

GemmProblem read_problem(const JsonField& owner) {
  GemmProblem problem;
  problem.shape = read_shape(owner, 1);
  problem.a = read_type(owner, "a_type");
  problem.b = read_type(owner, "b_type");
  problem.d = read_type(owner, "d_type");
  constexpr std::string_view kSchemes = "none, tensor, token, channel, token-channel";
  const JsonField scales = owner.at("scales", kSchemes);
  const auto scheme = scales.json().is_string()
                          ? parse_scale_scheme(scales.json().get_ref<const std::string&>())
                          : std::nullopt;
  if (!scheme) scales.reject(kSchemes);
  problem.scales = *scheme;
  problem.bias = owner.boolean("bias");
  problem.sparsity = choice_of(owner, "sparsity", {Sparsity::kDense, Sparsity::kTwoFour},
                               [](Sparsity sparsity) { return to_string(sparsity); });
  return problem;
}

CacheState read_cache(const JsonField& owner) {
  CacheState cache;
  cache.mode = choice_of(owner, "mode", {CacheMode::kCold, CacheMode::kHot},
                         [](CacheMode mode) { return to_string(mode); });
  cache.method =
      choice_of(owner, "method", {CacheMethod::kNone, CacheMethod::kRotate, CacheMethod::kFlush},
                [](CacheMethod method) { return to_string(method); });
  cache.copies = static_cast<int>(owner.whole("copies", 0, kMaxInt));
  cache.bytes_per_copy = owner.unsigned_whole("bytes_per_copy");
  cache.last_level_cache_bytes = owner.unsigned_whole("last_level_cache_bytes");
  constexpr std::string_view kResidencies = "fits, cliff, spills or an empty text";
  const JsonField residency = owner.at("residency", kResidencies);
  const auto known = residency.json().is_string()
                         ? value_in(kResidencyNames, residency.json().get_ref<const std::string&>())
                         : std::nullopt;
  if (!known) residency.reject(kResidencies);
  cache.residency = *known;
  return cache;
}

Phases read_phases(const JsonField& owner) {
  return {.operands_s = owner.number("operands_s"),
          .reference_s = owner.number("reference_s"),
          .prepare_s = owner.number("prepare_s"),
          .plan_s = owner.number("plan_s"),
          .verify_s = owner.number("verify_s"),
          .measure_s = owner.number("measure_s")};
}

/// What `read` makes of the object `key`; nothing for null.
template <class Read>
auto read_optional(const JsonField& owner, const char* key, Read read)
    -> std::optional<decltype(read(owner))> {
  const JsonField field = owner.at(key, "an object or null");
  if (field.is_null()) return std::nullopt;
  if (!field.json().is_object()) field.reject("an object or null");
  return read(field);
}

std::optional<double> read_optional_number(const JsonField& owner, const char* key) {
  const double value = owner.number(key);
  return std::isnan(value) ? std::nullopt : std::optional(value);
}

Interval read_interval(const JsonField& owner, const char* key) {
  const std::vector<double> ends = owner.numbers(key);
  if (ends.size() != 2) owner.at(key, "").reject("a list of two numbers: low, high");
  return {ends[0], ends[1]};
}

/// An error that is written as null was beyond all bounds: an element that was NaN, or any error
/// where the tolerance is zero.
double read_error(const JsonField& owner, const char* key) {
  const double error = owner.number(key);
  return std::isnan(error) ? std::numeric_limits<double>::infinity() : error;
}

Accuracy read_accuracy(const JsonField& owner) {
  return {.max_error = read_error(owner, "max_error"),
          .max_error_ratio = read_error(owner, "max_error_ratio"),
          .share_checked = owner.number("share_checked"),
          .exact = owner.boolean("exact")};
}

Samples read_samples(const JsonField& owner) {
  return {.device_s = owner.numbers("device_s"),
          .host_s = owner.numbers("host_s"),
          .launches_per_sample = owner.whole("launches_per_sample", 0),
          // Only written where there were rests.
          .rest_share = owner.json().contains("rest_share") ? owner.number("rest_share") : 0};
}

Summary read_summary(const JsonField& owner) {
  return {.median_s = owner.number("median_s"),
          .median_interval_s = read_interval(owner, "median_interval_s"),
          .mean_s = owner.number("mean_s"),
          .std_s = owner.number("std_s"),
          .min_s = owner.number("min_s"),
          .host_median_s = owner.number("host_median_s"),
          .samples = owner.whole("samples", 0)};
}

Ratio read_ratio(const JsonField& owner) {
  return {.value = owner.number("value"),
          .interval = read_interval(owner, "interval"),
          .verdict = choice<Verdict>(owner, "verdict", kVerdictNames)};
}

ClockSample read_clocks(const JsonField& owner) {
  return {.core_mhz = read_optional_number(owner, "core_mhz"),
          .memory_mhz = read_optional_number(owner, "memory_mhz"),
          .power_w = read_optional_number(owner, "power_w"),
          .temperature_c = read_optional_number(owner, "temperature_c"),
          .throttle_reasons = owner.text("throttle_reasons")};
}

std::map<DataType, double> read_rates(const JsonField& owner, const char* key) {
  const JsonField rates = owner.object(key);
  std::map<DataType, double> by_type;
  for (const auto& [name, value] : rates.json().items()) {
    const auto type = data_type_from_cli_name(name);
    if (!type) rates.reject("an object whose members are int8, fp8, bf16, fp16, fp32");
    by_type[*type] = rates.number(name.c_str());
  }
  return by_type;
}

DeviceInfo read_device(const JsonField& owner) {
  DeviceInfo device{.id = {.kind = choice<DeviceKind>(owner, "kind", kDeviceKindNames),
                           .name = owner.text("name")},
                    .architecture = owner.text("architecture"),
                    .last_level_cache_bytes = owner.unsigned_whole("last_level_cache_bytes"),
                    .last_level_cache_source = owner.text("last_level_cache_source"),
                    .memory_bytes = owner.unsigned_whole("memory_bytes"),
                    .threads = static_cast<int>(owner.whole("threads", 0, kMaxInt))};
  const JsonField details = owner.object("details");
  for (const auto& [name, value] : details.json().items()) {
    device.details[name] = details.text(name.c_str());
  }
  return device;
}

Roofs read_roofs(const JsonField& owner) {
  return {.multiply_adds_per_s = read_rates(owner, "multiply_adds_per_s"),
          .sparse_multiply_adds_per_s = read_rates(owner, "sparse_multiply_adds_per_s"),
          .read_bytes_per_s = owner.number("read_bytes_per_s")};
}

std::vector<std::pair<std::string, std::string>> read_libraries(const JsonField& owner) {
  constexpr std::string_view kAllowed = "a list of objects {name, version}";
  const JsonField field = owner.at("libraries", kAllowed);
  if (!field.json().is_array()) field.reject(kAllowed);
  std::vector<std::pair<std::string, std::string>> libraries;
  for (std::size_t i = 0; i < field.json().size(); ++i) {
    const JsonField library(field.json()[i], "libraries[" + std::to_string(i) + "]");
    libraries.emplace_back(library.text("name"), library.text("version"));
  }
  return libraries;
}

}  // namespace

Environment parse_environment_json(std::string_view line) {
  const nlohmann::json json = parse_line(line);
  const JsonField root(json, "");
  Environment environment;
  environment.schema_version = read_header(root, "environment", environment.schema_version);
  environment.twofour_version = root.text("twofour_version");
  environment.git_commit = root.text("git_commit");
  environment.build_type = root.text("build_type");
  environment.compiler = root.text("compiler");
  environment.argv = root.texts("argv");
  environment.started_utc = root.text("started_utc");
  environment.started_unix_s =
      root.whole("started_unix_s", std::numeric_limits<std::int64_t>::min());
  environment.host_cpu = root.text("host_cpu");
  environment.operating_system = root.text("operating_system");
  environment.load_average_1min = root.number("load_average_1min");
  environment.seed = root.unsigned_whole("seed");
  environment.operand_distribution = root.text("operand_distribution");
  environment.device = read_device(root.object("device"));
  environment.roofs = read_roofs(root.object("roofs"));
  environment.libraries = read_libraries(root);
  return environment;
}

Record parse_record_json(std::string_view line) {
  const nlohmann::json json = parse_line(line);
  const JsonField root(json, "");
  Record record;
  record.schema_version = read_header(root, "record", kRecordSchemaVersion);
  record.mode = choice<BenchMode>(root, "mode", kBenchModeNames);
  record.dtype = read_type(root, "dtype");
  record.case_index = static_cast<int>(root.whole("case_index", 0, kMaxInt));
  record.model = root.text("model");
  record.layer = root.text("layer");
  record.tensor_parallel = static_cast<int>(root.whole("tensor_parallel", 1, kMaxInt));
  record.problem = read_problem(root.object("problem"));
  record.executed = read_shape(root.object("executed"), 0);
  record.provider = root.text("provider");
  record.provider_version = root.text("provider_version");
  record.kernel = root.text("kernel");
  record.algorithm = root.text("algorithm");
  record.architecture = root.text("architecture");
  // Only written where there were any.
  if (json.contains("lost_algorithms")) record.lost_algorithms = root.texts("lost_algorithms");
  const JsonField outcome = root.object("outcome");
  record.outcome.kind = choice<OutcomeKind>(outcome, "kind", kOutcomeNames);
  record.outcome.reason = outcome.text("reason");
  record.cache = read_cache(root.object("cache"));
  record.accuracy = read_optional(root, "accuracy", read_accuracy);
  record.summary = read_optional(root, "summary", read_summary);
  record.baseline = root.text("baseline");
  record.vs_dense = read_optional(root, "vs_dense", read_ratio);
  record.bf16_baseline = root.text("bf16_baseline");
  record.vs_bf16 = read_optional(root, "vs_bf16", read_ratio);
  for (const std::string& name : root.texts("flags")) {
    const auto flag = std::find_if(kFlags.begin(), kFlags.end(),
                                   [&](const FlagInfo& known) { return known.name == name; });
    if (flag == kFlags.end()) root.at("flags", "").reject("a list of flags");
    record.flags.push_back(flag->flag);
  }
  record.clocks = read_clocks(root.object("clocks"));
  record.phases = read_phases(root.object("phases"));
  record.read_roof_bytes_per_s = root.number("read_roof_bytes_per_s");
  record.seed = root.unsigned_whole("seed");
  record.repro = root.text("repro");
  record.samples = read_optional(root, "samples", read_samples);
  return record;
}

}  // namespace twofour::report
