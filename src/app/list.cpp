#include "app/list.h"

#include <fmt/format.h>

#include <algorithm>
#include <exception>
#include <vector>

#include "app/exit_code.h"
#include "app/options_table.h"
#include "run/selection.h"

namespace twofour::app {
namespace {

constexpr double kGib = 1 << 30;
constexpr double kMib = 1 << 20;

std::string device_line(const DeviceChoice& choice, int threads) {
  std::string text;
  try {
    const auto device = open_device(choice, threads);
    const DeviceInfo& info = device->info();
    text = fmt::format("{}, {}, {:.1f} GiB, last-level cache {:.0f} MiB", info.id.name,
                       info.architecture, static_cast<double>(info.memory_bytes) / kGib,
                       static_cast<double>(info.last_level_cache_bytes) / kMib);
    if (info.id.kind == DeviceKind::kCpu) text += fmt::format(", {} threads", info.threads);
  } catch (const std::exception& error) {
    text = fmt::format("not available: {}", error.what());
  }
  return fmt::format("  {:<12}{}\n", choice.kind, text);
}

std::string provider_line(const run::ProviderInstance& instance) {
  std::string text;
  if (instance.provider) {
    text = fmt::format("version {}", instance.provider->version());
  } else {
    text = fmt::format(
        "{}: {}",
        instance.unavailable_kind == OutcomeKind::kNotBuilt ? "not built" : "not available",
        instance.unavailable);
  }
  return fmt::format("  {:<12}on {:<6}{}{}\n", instance.row.name, instance.row.device_kind, text,
                     instance.row.by_default ? "" : " *");
}

std::string kernel_lines(const run::ProviderInstance& instance) {
  std::string text;
  if (!instance.provider) return text;
  for (const providers::KernelInfo& kernel : instance.provider->kernels()) {
    text += fmt::format("  {}{}\n", kernel.name, kernel.by_default ? "" : " *");
  }
  return text;
}

std::string model_lines(const workload::Model& model) {
  std::string text = fmt::format("  {}{}\n", model.name, model.by_default ? "" : " *");
  for (const workload::Layer& layer : model.layers) {
    text += fmt::format("    {:<10}K = {:<6} N = {:<6} tensor parallelism splits {}\n", layer.name,
                        layer.k, layer.n, layer.split == 'k' ? 'K' : 'N');
  }
  return text;
}

/// A star marks what runs only when it is asked for.
std::string list_text(const BenchOptions& options) {
  std::vector<run::ProviderInstance> instances;
  for (const providers::ProviderRow& row : providers::provider_table()) {
    const auto& named = options.providers;
    if (!named.empty() && std::find(named.begin(), named.end(), row.name) == named.end()) continue;
    instances.push_back(run::start_provider(row));
  }
  std::string text = "devices\n";
  text += device_line({.kind = "cpu"}, options.threads);
  text += device_line({.kind = "cuda", .ordinal = options.device.ordinal}, options.threads);
  text += "\nproviders (* runs only when --providers names it)\n";
  for (const run::ProviderInstance& instance : instances) text += provider_line(instance);
  text += "\nkernels (* runs only when --kernels matches it)\n";
  for (const run::ProviderInstance& instance : instances) text += kernel_lines(instance);
  text += "\nmodels (* runs only when --models names it)\n";
  for (const workload::Model& model : options.known_models) text += model_lines(model);
  return text;
}

int list(const CommandLine& line) {
  fmt::print("{}", list_text(apply_options(line)));
  return kExitOk;
}

}  // namespace

Command list_command() {
  Command command{.words = {{"list",
                             "providers, kernels, devices and models, each with the reason where "
                             "it is missing"}},
                  .run = list};
  for (OptionSpec spec : bench_option_specs()) {
    if (spec.words != kAnywhere) continue;
    spec.required_by = 0;
    command.options.push_back(spec);
  }
  return command;
}

}  // namespace twofour::app
