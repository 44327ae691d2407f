#include "app/session.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <filesystem>
#include <optional>
#include <regex>
#include <stdexcept>
#include <string>
#include <system_error>
#include <thread>

#include "app/build_info.h"
#include "app/devices.h"
#include "app/option_names.h"
#include "app/options_table.h"
#include "device/cpu/team.h"
#include "input/pattern.h"
#include "providers/tuning.h"
#include "run/selection_errors.h"

namespace twofour::app {
namespace {

// For each kernel of a case: more than it takes to try some dozens of algorithms a few times,
// unless a launch takes milliseconds.
constexpr double kPlanBudgetSeconds = 0.3;

// For one case. Samples of a GPU are short, and so its kernels are precise soon or stay noisy.
constexpr double kMaxTimeOnCpu_s = 10;
constexpr double kMaxTimeOnGpu_s = 1;

/// Host threads that compute: the CPU device's, or all that there are, to compare results.
int host_threads(const device::Device& device) {
  if (device::on_host(device)) return device.info().threads;
  const auto there = static_cast<int>(std::thread::hardware_concurrency());  // 0: not known
  return device::cpu::startable_threads(std::max(1, there));
}

/// Options whose command line finds the same device: on another machine, or with other GPUs in
/// sight, an ordinal may be another GPU.
BenchOptions with_device_named(BenchOptions options, const DeviceId& id) {
  if (id.kind == DeviceKind::kCuda) options.device = choice_of(id);
  return options;
}

/// To find the best dense and the best 2:4 kernel takes less time than to measure all of them well.
constexpr double kShareToChooseBy = 0.25;

double max_time_s(const BenchOptions& options, const device::Device& device) {
  const double standard_s = device::on_host(device) ? kMaxTimeOnCpu_s : kMaxTimeOnGpu_s;
  if (options.max_time_s) return *options.max_time_s;
  return options.load == Load::kSustained ? kShareToChooseBy * standard_s : standard_s;
}

void require_load(const BenchOptions& options, const device::Device& device) {
  if (options.load == Load::kRested || !device::on_host(device)) return;
  throw UsageError(fmt::format(
      "{}: '{}' is for a GPU, where clocks fall to a power limit within seconds, and this run is "
      "on a CPU; use {}",
      option::kLoad, to_string(options.load), to_string(Load::kRested)));
}

run::RunConfig config_of(const BenchOptions& options, device::Device& device) {
  return {.mode = options.mode,
          .dtype = options.dtype,
          .scales = options.scales,
          .caches = options.caches,
          .measure = {.precision = options.precision,
                      .max_time_s = max_time_s(options, device),
                      .seed = options.seed},
          .load = options.load,
          .blocks = {},
          .pattern = options.pattern,
          .control_cases = {},
          .plan_budget_s = kPlanBudgetSeconds,
          .search = options.search,
          .seed = options.seed,
          .threads = host_threads(device),
          .weights = options.weights,
          .make_element_reader = element_readers(device),
          .repro_line = repro_lines(with_device_named(options, device.id()))};
}

std::vector<run::ProviderInstance> providers_of(const BenchOptions& options,
                                                const device::Device& device) {
  try {
    return run::start_providers(device, options.providers);
  } catch (const run::UnknownProvider& error) {
    throw UsageError(fmt::format("{}: '{}' is not a provider; use one of {}", option::kProviders,
                                 error.name, fmt::join(error.known_names, ", ")));
  } catch (const run::WrongDevice& error) {
    throw UsageError(fmt::format(
        "{}: '{}' computes on {}, and this run is on {}; choose it with {}", option::kProviders,
        error.name, to_string(error.provider_kind), to_string(error.run_kind), option::kDevice));
  }
}

void require_kernels(const BenchOptions& options, const Session& session) {
  if (!session.kernels.empty()) return;
  // A provider that could not start is a row with its reason, so there is something to show.
  const bool any_reason = std::any_of(session.providers.begin(), session.providers.end(),
                                      [](const auto& p) { return !p.provider; });
  if (any_reason) return;
  std::vector<std::string_view> names;
  for (const run::ProviderInstance& instance : session.providers) {
    names.push_back(instance.row.name);
  }
  const std::string_view dtype = info(options.dtype).cli_name;
  if (options.kernels) {
    throw UsageError(fmt::format("{}: '{}' matches no {} kernel of {}; 'twofour list' shows them",
                                 option::kKernels, *options.kernels, dtype,
                                 fmt::join(names, ", ")));
  }
  throw UsageError(
      fmt::format("{}: '{}' is not a type that {} multiplies; 'twofour list' shows the kernels",
                  option::kDtype, dtype, fmt::join(names, ", ")));
}

/// The commit; of a tree with changes the time when the program was linked too.
std::string kernels_build() {
  const std::string& commit = build_info().git_commit;
  if (!commit.ends_with("-dirty") && commit != "unknown") return commit;
  std::error_code error;
  const auto time = std::filesystem::last_write_time("/proc/self/exe", error);
  return error ? commit : fmt::format("{} {}", commit, time.time_since_epoch().count());
}

}  // namespace

Session start_session(const BenchOptions& options) {
  providers::set_kernels_build(kernels_build());
  if (options.no_tuning) providers::TuningFile::shared().ignore_winners();
  Session session;
  session.devices.push_back(open_device(options.device, options.threads));
  require_load(options, session.device());
  session.providers = providers_of(options, session.device());
  std::optional<std::regex> pattern;
  if (options.kernels) pattern = input::compile_pattern(*options.kernels);
  session.kernels = run::select_kernels(session.providers, options.dtype, pattern);
  require_kernels(options, session);
  session.config = config_of(options, session.device());
  return session;
}

}  // namespace twofour::app
