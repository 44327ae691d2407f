// What follows from checked options: the cases, and the command line that measures one again.
#include <fmt/format.h>

#include <algorithm>

#include "app/model_files.h"
#include "app/option_names.h"
#include "app/options.h"
#include "app/options_table.h"
#include "app/options_values.h"
#include "report/shell_text.h"

namespace twofour::app {

std::vector<workload::Case> make_cases(const BenchOptions& options) {
  switch (options.mode) {
    case BenchMode::kSquare:
      return workload::square_cases(options.sweep);
    case BenchMode::kRange:
      return workload::range_cases(options.sweep, options.fixed);
    case BenchMode::kModel: {
      std::vector<workload::Model> chosen;
      for (const std::string& name : options.models) {
        const auto model = std::find_if(options.known_models.begin(), options.known_models.end(),
                                        [&](const workload::Model& m) { return m.name == name; });
        if (model != options.known_models.end()) chosen.push_back(*model);
      }
      auto cases = workload::model_cases(chosen, options.batch_sizes, options.tp_sizes);
      skip_without_weights(options, cases);
      return cases;
    }
  }
  return {};
}

std::vector<int> own_cases(const BenchOptions& options, std::span<const workload::Case> cases) {
  return run::cases_of(options.shard.value_or(run::Shard{}), cases);
}

std::string repro_prefix(const BenchOptions& options) {
  std::string line = "twofour";
  for (const BenchOptionRow& row : bench_option_rows()) {
    if (row.repro == nullptr) continue;
    const std::string value = row.repro(options);
    if (!value.empty()) line += fmt::format(" {} {}", row.name, report::shell_quoted(value));
  }
  return line;
}

namespace {

/// The options that say which model it is and what its weights are.
std::string model_options(const BenchOptions& options) {
  std::string line;
  const auto add = [&](std::string_view name, const std::string& value) {
    line += fmt::format(" {} {}", name, report::shell_quoted(value));
  };
  if (options.models_file) add(option::kModelsFile, options.models_file->string());
  for (const auto& [name, path] : options.model_files) add(name, path);
  if (options.weights_dir) add(option::kWeights, options.weights_dir->string());
  if (options.weights_layer) add(option::kWeightsLayer, fmt::format("{}", *options.weights_layer));
  if (options.activations) add(option::kActivations, options.activations->string());
  if (options.unfused) line += fmt::format(" {}", option::kUnfused);
  return line;
}

}  // namespace

std::function<std::string(const workload::Case&)> repro_lines(const BenchOptions& options) {
  const std::string prefix = repro_prefix(options);
  const std::string sweep =
      fmt::format("{} {} {} 1 {} 2 {} 1", prefix, to_string(BenchMode::kRange), option::kDimStart,
                  option::kDimEnd, option::kDimIncrement);
  const std::string models =
      fmt::format("{} {}{}", prefix, to_string(BenchMode::kModel), model_options(options));
  const bool stored = options.weights_dir.has_value();
  return [=](const workload::Case& c) {
    if (stored || c.experts) {
      return fmt::format("{} {} {} {} {} {} {}", models, option::kModels,
                         report::shell_quoted(c.model), option::kBatchSizes,
                         c.tokens.value_or(c.shape.m), option::kTpSizes, c.tensor_parallel);
    }
    return fmt::format("{} {} {} {} {} {} {}", sweep, option::kMConstant, c.shape.m,
                       option::kKConstant, c.shape.k, option::kNConstant, c.shape.n);
  };
}

}  // namespace twofour::app
