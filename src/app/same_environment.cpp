#include "app/same_environment.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <set>
#include <string_view>
#include <utility>

#include "app/commands.h"
#include "app/options_table.h"
#include "app/options_values.h"
#include "report/results.h"

namespace twofour::app {
namespace {

struct Fact {
  std::string_view name;
  std::string (*of)(const Environment&);
};

template <const char* kName>
std::string detail(const Environment& environment) {
  const auto found = environment.device.details.find(kName);
  return found == environment.device.details.end() ? std::string() : found->second;
}

constexpr char kDriver[] = "driver";
constexpr char kCudaDriver[] = "cuda_driver";
constexpr char kCudaRuntime[] = "cuda_runtime";
constexpr char kPowerLimit[] = "power_limit_w";
constexpr char kIsaVariable[] = "TWOFOUR_ISA";

// clang-format off
constexpr std::array kFacts{
    Fact{"device", [](const Environment& e) { return e.device.id.name.str(); }},
    Fact{"device's UUID", [](const Environment& e) { return e.device.id.uuid.str(); }},
    Fact{"architecture", [](const Environment& e) { return e.device.architecture; }},
    Fact{"driver", detail<kDriver>},
    Fact{"CUDA of the driver", detail<kCudaDriver>},
    Fact{"CUDA runtime", detail<kCudaRuntime>},
    Fact{"power limit in W", detail<kPowerLimit>},
    Fact{"threads", [](const Environment& e) { return std::to_string(e.device.threads); }},
    Fact{"TWOFOUR_ISA", detail<kIsaVariable>},
    Fact{"twofour", [](const Environment& e) { return e.twofour_version; }},
    Fact{"commit", [](const Environment& e) { return e.git_commit; }},
    Fact{"build type", [](const Environment& e) { return e.build_type; }},
    Fact{"compiler", [](const Environment& e) { return e.compiler; }},
    Fact{"fingerprint of the models' layers", [](const Environment& e) { return e.cases; }},
    Fact{"seed", [](const Environment& e) { return std::to_string(e.seed); }},
};
// clang-format on

class Differences {
 public:
  void compare(std::string_view name, const std::string& then, const std::string& now) {
    if (then == now) return;
    const auto shown = [](const std::string& text) { return text.empty() ? "none" : text; };
    list_.push_back(fmt::format("{}: {} then, {} now", name, shown(then), shown(now)));
  }
  /// By name; what is missing on one side is none there.
  void compare(const std::map<std::string, std::string>& then,
               const std::map<std::string, std::string>& now) {
    std::set<std::string> names;
    for (const auto& [name, value] : then) names.insert(name);
    for (const auto& [name, value] : now) names.insert(name);
    const auto value_of = [](const auto& values, const std::string& name) {
      const auto found = values.find(name);
      return found == values.end() ? std::string() : found->second;
    };
    for (const std::string& name : names) compare(name, value_of(then, name), value_of(now, name));
  }
  [[nodiscard]] std::vector<std::string> take() { return std::move(list_); }

 private:
  std::vector<std::string> list_;
};

std::map<std::string, std::string> libraries_of(const Environment& environment) {
  return {environment.libraries.begin(), environment.libraries.end()};
}

bool may_differ(std::string_view option) {
  const auto rows = bench_option_rows();
  return std::any_of(rows.begin(), rows.end(), [&](const BenchOptionRow& row) {
    return row.name == option && row.may_differ;
  });
}

/// The mode and the options with their values; nothing where this program does not know them.
std::optional<std::map<std::string, std::string>> options_of(const Environment& environment) {
  std::vector<const char*> arguments;
  for (const std::string& word : environment.argv) arguments.push_back(word.c_str());
  try {
    const CommandLine line =
        parse_command_line(static_cast<int>(arguments.size()), arguments.data(), commands());
    if (line.command == nullptr) return std::nullopt;
    std::map<std::string, std::string> options{
        {"mode", std::string(line.command->words[line.word].name)}};
    for (const GivenOption& given : line.options) {
      if (may_differ(given.name)) continue;
      // A flag has no values.
      options[std::string(given.name)] =
          given.values.empty() ? "given"
                               : fmt::format("{}", fmt::join(split_list(given.values), " "));
    }
    return options;
  } catch (const UsageError&) {
    return std::nullopt;
  }
}

}  // namespace

std::vector<std::string> differences(const Environment& then, const Environment& now) {
  Differences found;
  for (const Fact& fact : kFacts) found.compare(fact.name, fact.of(then), fact.of(now));
  found.compare(libraries_of(then), libraries_of(now));
  const auto options_then = options_of(then);
  const auto options_now = options_of(now);
  if (options_then && options_now) {
    found.compare(*options_then, *options_now);
  } else {
    found.compare("command line", fmt::format("{}", fmt::join(then.argv, " ")),
                  fmt::format("{}", fmt::join(now.argv, " ")));
  }
  return found.take();
}

Continuation continuation(std::span<const Environment> then, const Environment& now,
                          bool part_of_job) {
  std::optional<Continuation> most_like;
  for (auto part = then.rbegin(); part != then.rend(); ++part) {
    Environment other = *part;
    if (part_of_job || report::is_split(other)) {
      other.device.id.uuid = now.device.id.uuid;
      if (report::without_part(other.device.id) == report::without_part(now.device.id)) {
        other.device.id.name = now.device.id.name;
      }
    }
    Continuation found{.differences = differences(other, now)};
    if (found.differences.empty()) {
      found.same_part = part == then.rbegin() && !part_of_job && part->device.id == now.device.id;
      return found;
    }
    if (!most_like || found.differences.size() < most_like->differences.size()) {
      most_like = std::move(found);
    }
  }
  return most_like.value_or(Continuation{});
}

}  // namespace twofour::app
