#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "report/report.h"

namespace twofour::report {
namespace {

using Json = nlohmann::ordered_json;

/// Text that is not UTF-8 (a command line can hold any bytes) must not lose a result: what is
/// invalid becomes U+FFFD. nlohmann-json writes null for a number that is not finite.
std::string dump(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

template <class T, class ToJson>
Json optional_json(const std::optional<T>& value, ToJson to_json) {
  return value ? Json(to_json(*value)) : Json(nullptr);
}

Json number_or_null(const std::optional<double>& value) {
  return value ? Json(*value) : Json(nullptr);
}

Json interval_json(const Interval& interval) { return {interval.low, interval.high}; }

Json shape_json(const GemmShape& shape) { return {{"m", shape.m}, {"k", shape.k}, {"n", shape.n}}; }

Json problem_json(const GemmProblem& problem) {
  Json json = shape_json(problem.shape);
  json["a_type"] = info(problem.a).cli_name;
  json["b_type"] = info(problem.b).cli_name;
  json["d_type"] = info(problem.d).cli_name;
  json["scales"] = to_string(problem.scales);
  json["bias"] = problem.bias;
  json["sparsity"] = to_string(problem.sparsity);
  return json;
}

Json cache_json(const CacheState& cache) {
  return {{"mode", to_string(cache.mode)},
          {"method", to_string(cache.method)},
          {"copies", cache.copies},
          {"bytes_per_copy", cache.bytes_per_copy},
          {"last_level_cache_bytes", cache.last_level_cache_bytes},
          {"residency", to_string(cache.residency)}};
}

Json phases_json(const Phases& phases) {
  return {{"operands_s", phases.operands_s}, {"reference_s", phases.reference_s},
          {"prepare_s", phases.prepare_s},   {"plan_s", phases.plan_s},
          {"verify_s", phases.verify_s},     {"measure_s", phases.measure_s}};
}

Json accuracy_json(const Accuracy& accuracy) {
  return {{"max_error", accuracy.max_error},
          {"max_error_ratio", accuracy.max_error_ratio},
          {"share_checked", accuracy.share_checked},
          {"exact", accuracy.exact}};
}

Json samples_json(const Samples& samples) {
  Json json = {{"launches_per_sample", samples.launches_per_sample},
               {"device_s", samples.device_s},
               {"host_s", samples.host_s}};
  if (samples.rest_share > 0) json["rest_share"] = samples.rest_share;
  return json;
}

Json summary_json(const Summary& summary) {
  return {{"median_s", summary.median_s},
          {"median_interval_s", interval_json(summary.median_interval_s)},
          {"mean_s", summary.mean_s},
          {"std_s", summary.std_s},
          {"min_s", summary.min_s},
          {"host_median_s", summary.host_median_s},
          {"samples", summary.samples}};
}

Json ratio_json(const Ratio& ratio) {
  return {{"value", ratio.value},
          {"interval", interval_json(ratio.interval)},
          {"verdict", to_string(ratio.verdict)}};
}

Json clocks_json(const ClockSample& clocks) {
  return {{"core_mhz", number_or_null(clocks.core_mhz)},
          {"memory_mhz", number_or_null(clocks.memory_mhz)},
          {"power_w", number_or_null(clocks.power_w)},
          {"temperature_c", number_or_null(clocks.temperature_c)},
          {"throttle_reasons", clocks.throttle_reasons}};
}

Json rates_json(const std::map<DataType, double>& rates) {
  Json json = Json::object();
  for (const auto& [type, rate] : rates) json[std::string(info(type).cli_name)] = rate;
  return json;
}

Json device_json(const DeviceInfo& device) {
  Json details = Json::object();
  for (const auto& [name, value] : device.details) details[name] = value;
  return {{"kind", to_string(device.id.kind)},
          {"name", device.id.name},
          {"architecture", device.architecture},
          {"last_level_cache_bytes", device.last_level_cache_bytes},
          {"last_level_cache_source", device.last_level_cache_source},
          {"memory_bytes", device.memory_bytes},
          {"threads", device.threads},
          {"details", details}};
}

Json roofs_json(const Roofs& roofs) {
  return {{"multiply_adds_per_s", rates_json(roofs.multiply_adds_per_s)},
          {"sparse_multiply_adds_per_s", rates_json(roofs.sparse_multiply_adds_per_s)},
          {"read_bytes_per_s", roofs.read_bytes_per_s}};
}

}  // namespace

std::string record_json(const Record& record) {
  Json json;
  json["type"] = "record";
  json["schema_version"] = record.schema_version;
  json["mode"] = to_string(record.mode);
  json["dtype"] = info(record.dtype).cli_name;
  json["label"] = label(record);
  json["sub_label"] = sub_label(record);
  json["case_index"] = record.case_index;
  json["model"] = record.model;
  json["layer"] = record.layer;
  json["tensor_parallel"] = record.tensor_parallel;
  json["problem"] = problem_json(record.problem);
  json["executed"] = shape_json(record.executed);
  json["provider"] = record.provider;
  json["provider_version"] = record.provider_version;
  json["kernel"] = record.kernel;
  json["algorithm"] = record.algorithm;
  json["architecture"] = record.architecture;
  if (!record.lost_algorithms.empty()) json["lost_algorithms"] = record.lost_algorithms;
  json["outcome"] = {{"kind", to_string(record.outcome.kind)}, {"reason", record.outcome.reason}};
  json["cache"] = cache_json(record.cache);
  json["accuracy"] = optional_json(record.accuracy, accuracy_json);
  json["summary"] = optional_json(record.summary, summary_json);
  json["dense_equivalent_tflops"] = number_or_null(dense_equivalent_tflops(record));
  json["executed_tflops"] = number_or_null(executed_tflops(record));
  json["baseline"] = record.baseline;
  json["vs_dense"] = optional_json(record.vs_dense, ratio_json);
  json["bf16_baseline"] = record.bf16_baseline;
  json["vs_bf16"] = optional_json(record.vs_bf16, ratio_json);
  json["flags"] = Json::array();
  for (const Flag flag : record.flags) json["flags"].push_back(to_string(flag));
  json["clocks"] = clocks_json(record.clocks);
  json["phases"] = phases_json(record.phases);
  json["read_roof_bytes_per_s"] = record.read_roof_bytes_per_s;
  json["seed"] = record.seed;
  json["repro"] = record.repro;
  json["samples"] = optional_json(record.samples, samples_json);
  return dump(json);
}

std::string environment_json(const Environment& environment) {
  Json json;
  json["type"] = "environment";
  json["schema_version"] = environment.schema_version;
  json["twofour_version"] = environment.twofour_version;
  json["git_commit"] = environment.git_commit;
  json["build_type"] = environment.build_type;
  json["compiler"] = environment.compiler;
  json["argv"] = environment.argv;
  json["started_utc"] = environment.started_utc;
  json["started_unix_s"] = environment.started_unix_s;
  json["host_cpu"] = environment.host_cpu;
  json["operating_system"] = environment.operating_system;
  json["load_average_1min"] = environment.load_average_1min;
  json["seed"] = environment.seed;
  json["operand_distribution"] = environment.operand_distribution;
  json["device"] = device_json(environment.device);
  json["roofs"] = roofs_json(environment.roofs);
  json["libraries"] = Json::array();
  for (const auto& [name, version] : environment.libraries) {
    json["libraries"].push_back({{"name", name}, {"version", version}});
  }
  return dump(json);
}

}  // namespace twofour::report
