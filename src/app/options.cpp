#include "app/options.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>

#include "app/model_files.h"
#include "app/option_names.h"
#include "app/options_table.h"

namespace twofour::app {
namespace {

constexpr std::size_t kMaxCases = 100000;
/// Of --break-even: each four times as large, from one row to where multiplying is all that counts.
constexpr std::array<std::int64_t, 7> kBreakEvenGrid{1, 4, 16, 64, 256, 1024, 4096};

bool is_given(const CommandLine& line, std::string_view name) {
  return std::any_of(line.options.begin(), line.options.end(),
                     [&](const GivenOption& given) { return given.name == name; });
}

/// Number of sizes from `start` to `last`.
std::size_t count_steps(std::int64_t start, std::int64_t last, std::int64_t increment) {
  return start > last ? 0 : static_cast<std::size_t>((last - start) / increment) + 1;
}

void check_case_count(const BenchOptions& o) {
  std::size_t count = 1;
  if (o.mode == BenchMode::kSquare) {
    if (o.sweep.end < o.sweep.start) {
      throw UsageError(fmt::format("{}: '{}' is not a whole number of at least {} {}",
                                   option::kDimEnd, o.sweep.end, option::kDimStart, o.sweep.start));
    }
    count = count_steps(o.sweep.start, o.sweep.end, o.sweep.increment);
  } else if (o.mode == BenchMode::kRange) {
    if (o.sweep.end <= o.sweep.start) {
      throw UsageError(fmt::format(
          "{}: '{}' is not a whole number above {} {} ({} excludes the end)", option::kDimEnd,
          o.sweep.end, option::kDimStart, o.sweep.start, to_string(o.mode)));
    }
    count = count_steps(o.sweep.start, o.sweep.end - 1, o.sweep.increment);
  } else if (o.mode == BenchMode::kModel) {
    if (o.models.empty()) {
      throw UsageError(fmt::format("{}: is missing; no model of {} {} runs by default",
                                   option::kModels, option::kModelsFile, o.models_file->string()));
    }
    std::size_t layers = 0;
    for (const workload::Model& model : o.known_models) {
      const auto named = std::count(o.models.begin(), o.models.end(), model.name);
      // Layers of experts are measured in two ways.
      const auto of_experts =
          std::count_if(model.layers.begin(), model.layers.end(),
                        [](const workload::Layer& layer) { return layer.experts.has_value(); });
      layers += (model.layers.size() + static_cast<std::size_t>(of_experts)) *
                static_cast<std::size_t>(named);
    }
    count = layers * o.batch_sizes.size() * o.tp_sizes.size();
  }
  if (count > kMaxCases) {
    throw UsageError(fmt::format("MODE: {} has {} cases; at most {} are allowed", to_string(o.mode),
                                 count, kMaxCases));
  }
}

/// Completes how cases go to several devices.
void check_devices(BenchOptions& o) {
  if (!o.devices) {
    if (o.spread) {
      throw UsageError(
          fmt::format("{}: '{}' is for several devices; name them with {} all, "
                      "cuda:0,1, cpu:0-7+8-15 or cpu:all",
                      option::kSpread, to_string(*o.spread), option::kDevice));
    }
    if (o.together) {
      throw UsageError(fmt::format("{}: is for several devices; name them with {}",
                                   option::kTogether, option::kDevice));
    }
    return;
  }
  const std::string list = to_string(*o.devices);
  if (o.devices->all == DeviceList::All::kNodes) {
    if (o.spread == Spread::kSplit) {
      throw UsageError(
          fmt::format("{}: 'split' is not possible with {} {}, where all nodes measure every case "
                      "together: leave it out, or name the nodes as in cpu:node0+node1",
                      option::kSpread, option::kDevice, list));
    }
    o.spread = Spread::kReplicate;
    o.together = true;
  }
  if (!o.spread) o.spread = Spread::kSplit;
  if (o.together && o.spread != Spread::kReplicate) {
    throw UsageError(fmt::format("{}: needs {} {}, since with {} no two devices measure one case",
                                 option::kTogether, option::kSpread, to_string(Spread::kReplicate),
                                 to_string(*o.spread)));
  }
  const auto refuse = [&](std::string_view other, std::string_view why) {
    throw UsageError(
        fmt::format("{}: is not possible with {} {}: {}", other, option::kDevice, list, why));
  };
  if (o.in_process) refuse(option::kInProcess, "each device has a process of its own");
  if (o.break_even) {
    refuse(option::kBreakEven, "it chooses cases by what one device has measured");
  }
}

}  // namespace

BenchOptions bench_options(const CommandLine& line) {
  BenchOptions options = apply_options(line);
  options.mode = kBenchModeNames[line.word].first;
  if (options.break_even && !is_given(line, option::kBatchSizes)) {
    options.batch_sizes.assign(kBreakEvenGrid.begin(), kBreakEvenGrid.end());
  }
  if (is_given(line, option::kWeights) && options.pattern != Sparsity::kTwoFour) {
    throw UsageError(fmt::format("{}: '{}' is not possible with {}: real weights are pruned to 2:4",
                                 option::kPattern, to_string(options.pattern), option::kWeights));
  }
  open_weights(options);
  // As engines scale 8-bit layers.
  if (options.weights && info(options.dtype).bits == 8 && !is_given(line, option::kScales)) {
    options.scales = {ScaleGranularity::kVector, ScaleGranularity::kVector};
  }
  check_case_count(options);
  check_devices(options);
  if (options.unfused && options.plans.empty()) {
    throw UsageError(fmt::format("{}: is given without {} FILE or {} DIR", option::kUnfused,
                                 option::kModelConfig, option::kModelDir));
  }
  for (const decide::TrafficClass& part : options.question.traffic) {
    if (std::find(options.batch_sizes.begin(), options.batch_sizes.end(), part.tokens) ==
        options.batch_sizes.end()) {
      throw UsageError(fmt::format("{}: '{}' has a batch size of {}, which is not one of {} {}",
                                   option::kTraffic, part.name, part.tokens, option::kBatchSizes,
                                   fmt::join(options.batch_sizes, " ")));
    }
  }
  if (options.resume_anyway && !options.resume) {
    throw UsageError(
        fmt::format("{}: is given without {} FILE", option::kResumeAnyway, option::kResume));
  }
  return options;
}

}  // namespace twofour::app
