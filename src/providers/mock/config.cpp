#include "providers/mock/config.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cstdlib>
#include <initializer_list>
#include <limits>
#include <nlohmann/json.hpp>
#include <stdexcept>

#include "core/input_error.h"
#include "input/json.h"
#include "input/pattern.h"

namespace twofour::providers::mock {
namespace {

using nlohmann::json;

[[noreturn]] void reject(std::string_view field, std::string_view value, std::string_view allowed) {
  throw InputError(fmt::format("TWOFOUR_MOCK: {} is {}; allowed: {}", field, value, allowed));
}

void check_fields(const json& object, std::string_view name,
                  std::initializer_list<std::string_view> known) {
  const std::string list = fmt::format("{}", fmt::join(known, ", "));
  if (!object.is_object()) reject(name, input::shown(object), "an object with the fields " + list);
  for (const auto& [key, value] : object.items()) {
    if (std::find(known.begin(), known.end(), key) == known.end()) {
      reject(name, "given the field " + input::shown(key), list);
    }
  }
}

void read_number(const json& object, const char* field, double high, double& into) {
  if (!object.contains(field)) return;
  const json& value = object[field];
  if (!value.is_number() || value.get<double>() < 0 || value.get<double>() > high) {
    reject(field, input::shown(value), fmt::format("a number from 0 to {}", high));
  }
  into = value.get<double>();
}

template <class Integer>
void read_integer(const json& object, const char* field, Integer& into) {
  if (!object.contains(field)) return;
  const json& value = object[field];
  constexpr auto kMost = static_cast<std::uint64_t>(std::numeric_limits<Integer>::max());
  if (!value.is_number_unsigned() || value.get<std::uint64_t>() > kMost) {
    reject(field, input::shown(value), fmt::format("a whole number from 0 to {}", kMost));
  }
  into = value.get<Integer>();
}

FaultKind read_kind(const json& object) {
  std::string names;
  const std::string given = input::shown(object.value("kind", json()));
  for (const auto& [kind, name] : kFaultNames) {
    if (given == fmt::format("\"{}\"", name)) return kind;
    names += names.empty() ? "" : ", ";
    names += name;
  }
  reject("fault.kind", given, names);
}

Fault read_fault(const json& object) {
  check_fields(object, "fault", {"kernel", "kind", "case_m", "algorithms"});
  Fault fault{.kind = read_kind(object)};
  const json pattern = object.value("kernel", json(""));
  constexpr std::string_view kPattern = "a regular expression of at most 500 characters";
  static_assert(input::kLongestPattern == 500);
  if (!pattern.is_string()) reject("fault.kernel", input::shown(pattern), kPattern);
  try {
    fault.kernel = input::compile_pattern(pattern.get<std::string>());
  } catch (const std::regex_error&) {
    reject("fault.kernel", input::shown(pattern), kPattern);
  }
  if (object.contains("case_m")) read_integer(object, "case_m", fault.m.emplace());
  read_integer(object, "algorithms", fault.algorithms);
  return fault;
}

}  // namespace

std::optional<FaultKind> Config::fault_of(std::string_view kernel,
                                          const GemmProblem& problem) const {
  if (!fault || (fault->m && *fault->m != problem.shape.m)) return std::nullopt;
  if (!std::regex_search(kernel.begin(), kernel.end(), fault->kernel)) return std::nullopt;
  return fault->kind;
}

Config parse_config(std::string_view text) {
  json document;
  try {
    document = input::parse_json(text);
  } catch (const std::invalid_argument& error) {
    throw InputError(fmt::format("TWOFOUR_MOCK: {}", error.what()));
  }
  check_fields(document, "it",
               {"dense_us", "sparse_us", "dense_us_per_row", "sparse_us_per_row", "noise", "seed",
                "sleeps", "algorithms", "fault"});
  constexpr double kLongestUs = 1e7;
  Config config;
  read_number(document, "dense_us", kLongestUs, config.dense_us);
  read_number(document, "sparse_us", kLongestUs, config.sparse_us);
  read_number(document, "dense_us_per_row", kLongestUs, config.dense_us_per_row);
  read_number(document, "sparse_us_per_row", kLongestUs, config.sparse_us_per_row);
  read_number(document, "noise", 1, config.noise);
  read_integer(document, "seed", config.seed);
  if (document.contains("sleeps")) {
    const json& sleeps = document["sleeps"];
    if (!sleeps.is_boolean()) reject("sleeps", input::shown(sleeps), "true or false");
    config.sleeps = sleeps.get<bool>();
  }
  read_integer(document, "algorithms", config.algorithms);
  if (document.contains("fault")) config.fault = read_fault(document["fault"]);
  return config;
}

Config config_from_environment() {
  const char* text = std::getenv("TWOFOUR_MOCK");
  return text == nullptr ? Config{} : parse_config(text);
}

}  // namespace twofour::providers::mock
