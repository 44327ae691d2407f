#include "compare/context.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <array>
#include <functional>
#include <map>
#include <set>
#include <utility>

namespace twofour::compare {
namespace {

using Values = std::set<std::string>;
/// What a measurement says; nothing where it is not known.
using ValueOf = std::string (*)(const Measurement&);

struct Aspect {
  std::string_view what;
  ValueOf value;
  bool of_device = false;  ///< differs between chosen devices, as it should
};

std::string detail(const Measurement& m, std::string_view key) {
  const auto& details = m.environment->device.details;
  const auto found = details.find(std::string(key));
  return found == details.end() ? std::string() : found->second;
}

template <const char* kKey>
std::string detail_of(const Measurement& m) {
  return detail(m, kKey);
}

std::string device_name(const Measurement& m) {
  return m.record->device ? m.record->device->name : m.environment->device.id.name;
}

std::string device_uuid(const Measurement& m) {
  return m.record->device ? m.record->device->uuid : m.environment->device.id.uuid;
}

std::string power_limit(const Measurement& m) {
  for (const auto& [key, value] : m.environment->device.details) {
    if (key.find("power_limit") != std::string::npos) return value;
  }
  return {};
}

/// Rested and sustained clocks are two (docs/measurement.md).
std::string rests(const Measurement& m) {
  if (!m.record->samples) return {};
  return m.record->samples->rest_share > 0
             ? fmt::format("rests of {} of a sample", m.record->samples->rest_share)
             : "no rests";
}

std::string coldness(const Measurement& m) {
  if (m.record->cache.mode != CacheMode::kCold || !m.record->samples) return {};
  return m.record->cache.method == CacheMethod::kNone ? "nothing keeps them out" : "out of cache";
}

constexpr std::array kObstacles{
    Aspect{"device", device_name, true},
    Aspect{"power limit", power_limit, true},
    Aspect{"threads",
           [](const Measurement& m) { return std::to_string(m.environment->device.threads); },
           true},
    Aspect{"build type", [](const Measurement& m) { return m.environment->build_type; }},
    Aspect{"seed", [](const Measurement& m) { return std::to_string(m.record->seed); }},
    Aspect{"operand distribution",
           [](const Measurement& m) { return m.environment->operand_distribution; }},
    Aspect{"load", rests},
    Aspect{"cold weights", coldness},
};

constexpr char kDriver[] = "driver";
constexpr char kCudaDriver[] = "cuda_driver";
constexpr char kCudaRuntime[] = "cuda_runtime";
constexpr char kGovernor[] = "governor";

constexpr std::array kHeadline{
    Aspect{"twofour", [](const Measurement& m) { return m.environment->twofour_version; }},
    Aspect{"commit", [](const Measurement& m) { return m.environment->git_commit; }},
    Aspect{"compiler", [](const Measurement& m) { return m.environment->compiler; }},
    Aspect{"driver", detail_of<kDriver>},
    Aspect{"CUDA driver", detail_of<kCudaDriver>},
    Aspect{"CUDA runtime", detail_of<kCudaRuntime>},
    Aspect{"instruction set",
           [](const Measurement& m) { return m.environment->device.architecture; }},
    Aspect{"governor", detail_of<kGovernor>},
    Aspect{"operating system",
           [](const Measurement& m) { return m.environment->operating_system; }},
    Aspect{"host CPU", [](const Measurement& m) { return m.environment->host_cpu; }},
    Aspect{"UUID of the device", device_uuid},
};

std::string joined(const Values& values) {
  return values.empty() ? "not known" : fmt::format("{}", fmt::join(values, ", "));
}

Values values_of(std::span<const Measurement> side, ValueOf value_of) {
  Values values;
  for (const Measurement& m : side) {
    std::string value = value_of(m);
    if (!value.empty()) values.insert(std::move(value));
  }
  return values;
}

void append_contrast(std::vector<Contrast>& list, std::string_view what, const Values& before,
                     const Values& after) {
  if (before != after) list.push_back({std::string(what), joined(before), joined(after)});
}

std::map<std::string, Values> libraries_of(std::span<const Measurement> side) {
  std::map<std::string, Values> libraries;
  std::set<const Environment*> seen;
  for (const Measurement& m : side) {
    if (!seen.insert(m.environment).second) continue;
    for (const auto& [name, version] : m.environment->libraries) libraries[name].insert(version);
  }
  return libraries;
}

}  // namespace

std::vector<Contrast> obstacles(std::span<const Measurement> before,
                                std::span<const Measurement> after, Devices devices) {
  std::vector<Contrast> list;
  for (const Aspect& aspect : kObstacles) {
    if (aspect.of_device && devices == Devices::kChosen) continue;
    const Values old_values = values_of(before, aspect.value);
    const Values new_values = values_of(after, aspect.value);
    // What one side does not know, or has no samples for, is no reason to refuse.
    if (old_values.empty() || new_values.empty()) continue;
    append_contrast(list, aspect.what, old_values, new_values);
  }
  return list;
}

std::vector<Contrast> headline(std::span<const Measurement> before,
                               std::span<const Measurement> after, Devices devices) {
  std::vector<Contrast> list;
  const auto append = [&](const Aspect& aspect) {
    append_contrast(list, aspect.what, values_of(before, aspect.value),
                    values_of(after, aspect.value));
  };
  for (const Aspect& aspect : kObstacles) {
    if (aspect.of_device && devices == Devices::kChosen) append(aspect);
  }
  for (const Aspect& aspect : kHeadline) append(aspect);
  std::map<std::string, Values> old_libraries = libraries_of(before);
  std::map<std::string, Values> new_libraries = libraries_of(after);
  for (const auto& [name, versions] : old_libraries) new_libraries.try_emplace(name);
  for (const auto& [name, versions] : new_libraries) {
    append_contrast(list, name, old_libraries[name], versions);
  }
  return list;
}

}  // namespace twofour::compare
