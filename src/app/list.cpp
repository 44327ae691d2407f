#include "app/list.h"

#include <fmt/format.h>

#include <algorithm>
#include <exception>
#include <memory>
#include <span>
#include <vector>

#include "app/devices.h"
#include "app/exit_code.h"
#include "app/failure.h"
#include "app/option_names.h"
#include "app/options_table.h"
#include "app/standard_streams.h"
#include "core/input_error.h"
#include "providers/tuning.h"
#include "run/selection.h"

namespace twofour::app {
namespace {

constexpr double kGib = 1 << 30;
constexpr double kMib = 1 << 20;

/// A device that the list opens, or the reason why that is not possible.
struct Listed {
  DeviceKind kind;
  std::unique_ptr<device::Device> device;
  std::string unavailable;
};

Listed open_listed(const DeviceChoice& choice, int threads) {
  Listed listed{.kind = *choice.kind};
  try {
    listed.device = open_device(choice, threads);
  } catch (const UsageError&) {
    throw;
  } catch (const InputError&) {
    throw;
  } catch (const std::exception& error) {
    listed.unavailable = error.what();
  }
  return listed;
}

std::string size_text(fmt::format_string<double> form, std::optional<std::size_t> bytes,
                      double unit) {
  return bytes ? fmt::format(form, static_cast<double>(*bytes) / unit) : "of unknown size";
}

std::string device_line(const Listed& listed) {
  std::string text = "not available: " + listed.unavailable;
  if (listed.device) {
    const DeviceInfo& info = listed.device->info();
    text = fmt::format("{}, {}, {}, last-level cache {}", info.id.name, info.architecture,
                       size_text("{:.1f} GiB", info.memory_bytes, kGib),
                       size_text("{:.0f} MiB", info.last_level_cache_bytes, kMib));
    if (listed.kind == DeviceKind::kCpu) text += fmt::format(", {} threads", info.threads);
    if (!info.id.uuid.empty()) text += fmt::format(", {}", info.id.uuid);
  }
  return fmt::format("  {:<12}{}\n", to_string(listed.kind), text);
}

std::string note_lines(const Listed& listed) {
  std::string text;
  if (!listed.device) return text;
  for (const std::string& note : listed.device->notes()) {
    text += fmt::format("  {:<12}{}\n", "", note);
  }
  return text;
}

/// What counts the processors' energy, or why nothing does.
std::string energy_line(const Listed& listed) {
  if (!listed.device) return {};
  const auto& details = listed.device->info().details;
  const auto found = details.find("energy");
  if (found == details.end()) return {};
  return fmt::format("  {:<12}energy {}\n", "", found->second);
}

std::string tuning_line() {
  providers::TuningFile& file = providers::TuningFile::shared();
  if (file.path().empty()) return "  none: TWOFOUR_TUNING_FILE or HOME says so\n";
  const providers::TuningFile::Counts counts = file.counts();
  return fmt::format("  {}: {} {}, {} lost {}\n", file.path().string(), counts.winners,
                     counts.winners == 1 ? "winner" : "winners", counts.avoided,
                     counts.avoided == 1 ? "algorithm" : "algorithms");
}

/// The provider on the listed device of its kind.
run::ProviderInstance start_on(std::span<const Listed> devices, const providers::ProviderRow& row) {
  const auto listed = std::find_if(devices.begin(), devices.end(),
                                   [&](const Listed& one) { return one.kind == row.device_kind; });
  if (listed->device) return run::start_provider(row, *listed->device);
  return run::without_device(row, listed->unavailable);
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
  return fmt::format("  {:<12}on {:<6}{}{}\n", instance.row.name,
                     to_string(instance.row.device_kind), text,
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
    const std::string_view split = layer.split == '-' ? "nothing" : layer.split == 'k' ? "K" : "N";
    text += fmt::format("    {:<15}K = {:<6} N = {:<6} tensor parallelism splits {}\n", layer.name,
                        layer.k, layer.n, split);
  }
  return text;
}

/// A star marks what runs only when it is asked for.
std::string list_text(const BenchOptions& options) {
  std::vector<Listed> devices;
  const bool cpu_given = options.device.kind == DeviceKind::kCpu;
  const DeviceChoice cpu = cpu_given ? options.device : DeviceChoice{.kind = DeviceKind::kCpu};
  devices.push_back(open_listed(cpu, options.threads));
  DeviceChoice gpu = options.device;
  gpu.kind = DeviceKind::kCuda;
  devices.push_back(open_listed(gpu, options.threads));
  std::vector<run::ProviderInstance> instances;
  for (const providers::ProviderRow& row : providers::provider_table()) {
    const auto& named = options.providers;
    if (!named.empty() && std::find(named.begin(), named.end(), row.name) == named.end()) continue;
    instances.push_back(start_on(devices, row));
  }
  std::string text = "devices\n";
  for (const Listed& listed : devices)
    text += device_line(listed) + energy_line(listed) + note_lines(listed);
  text += "\ntuning file (winners of searches)\n" + tuning_line();
  text += "\nproviders (* runs only when --providers names it)\n";
  for (const run::ProviderInstance& instance : instances) text += provider_line(instance);
  text += "\nkernels (* runs only when --kernels matches it)\n";
  for (const run::ProviderInstance& instance : instances) text += kernel_lines(instance);
  text += "\nmodels (* runs only when --models names it)\n";
  for (const workload::Model& model : options.known_models) text += model_lines(model);
  return text;
}

int list(const CommandLine& line) {
  const BenchOptions options = apply_options(line);
  if (options.devices) {
    throw UsageError(
        fmt::format("{}: '{}' is several devices; list shows the processor and one GPU",
                    option::kDevice, to_string(*options.devices)));
  }
  return in_child(options.in_process, [&] {
    write_to_stdout(list_text(options));
    return kExitOk;
  });
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
