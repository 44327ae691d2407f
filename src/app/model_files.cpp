#include "app/model_files.h"

#include <fmt/format.h>

#include <algorithm>
#include <exception>
#include <utility>

#include "app/option_names.h"
#include "weights/model_weights.h"

namespace twofour::app {
namespace {

using workload::ModelPlan;

void add_plan(BenchOptions& options, ModelPlan plan) {
  if (!options.models_file && options.plans.empty()) options.models.clear();
  const std::string name = plan.model.name;
  std::erase_if(options.known_models,
                [&](const workload::Model& known) { return known.name == name; });
  std::erase(options.models, name);
  std::erase_if(options.plans, [&](const ModelPlan& other) { return other.model.name == name; });
  options.known_models.push_back(plan.model);
  options.models.push_back(name);
  options.plans.push_back(std::move(plan));
}

template <class Load>
void apply_files(BenchOptions& options, const OptionSpec& row, const std::string& value,
                 const Load& load) {
  try {
    ModelPlan plan = load(value, workload::PlanOptions{.unfused = options.unfused});
    if (plan.model.layers.empty()) {
      throw std::runtime_error(
          fmt::format("{}: no layer is understood{}{}", value, plan.skipped.empty() ? "" : ": ",
                      plan.skipped.empty() ? std::string() : plan.skipped.front().reason));
    }
    add_plan(options, std::move(plan));
  } catch (const std::exception& error) {
    throw UsageError(fmt::format("{}: {}", row.name, error.what()));
  }
}

}  // namespace

void apply_model_config(BenchOptions& options, const OptionSpec& row,
                        std::span<const std::string> values) {
  options.model_files.emplace_back(option::kModelConfig, values[0]);
  apply_files(options, row, values[0], workload::load_model_config);
}

void apply_model_dir(BenchOptions& options, const OptionSpec& row,
                     std::span<const std::string> values) {
  options.model_files.emplace_back(option::kModelDir, values[0]);
  apply_files(options, row, values[0], workload::load_model_folder);
}

void apply_weights(BenchOptions& options, const OptionSpec& row,
                   std::span<const std::string> values) {
  options.weights_dir = values[0];
  if (options.plans.empty()) apply_files(options, row, values[0], workload::load_model_folder);
}

void open_weights(BenchOptions& options) {
  if (!options.weights_dir) {
    const bool layer = options.weights_layer.has_value();
    if (!layer && !options.activations) return;
    throw UsageError(fmt::format("{}: is given without {} DIR",
                                 layer ? option::kWeightsLayer : option::kActivations,
                                 option::kWeights));
  }
  const auto& models = options.models;
  if (options.plans.size() != 1 || models.size() != 1 ||
      models.front() != options.plans.front().model.name) {
    throw UsageError(fmt::format(
        "{}: '{}' has the weights of one model; allowed beside it: one {} or {}, and no other {}",
        option::kWeights, options.weights_dir->string(), option::kModelConfig, option::kModelDir,
        option::kModels));
  }
  try {
    options.weights = std::make_shared<weights::ModelWeights>(
        options.plans.front().model, weights::WeightsOptions{.folder = *options.weights_dir,
                                                             .activations = options.activations,
                                                             .decoder_layer = options.weights_layer,
                                                             .seed = options.seed});
  } catch (const std::exception& error) {
    throw UsageError(fmt::format("{}: {}", option::kWeights, error.what()));
  }
}

void skip_without_weights(const BenchOptions& options, std::vector<workload::Case>& cases) {
  if (!options.weights) return;
  std::string first;
  bool any = false;
  for (workload::Case& c : cases) {
    if (c.skip_reason) continue;
    if (c.experts) {
      c.skip_reason = fmt::format(
          "{} reads the weights of one expert, not of all that a launch has", option::kWeights);
      continue;
    }
    const std::string refusal = options.weights->refusal(c.layer, c.tensor_parallel);
    any = any || refusal.empty();
    if (refusal.empty()) continue;
    c.skip_reason = fmt::format("{} {}: {}", c.model, c.layer, refusal);
    if (first.empty()) first = *c.skip_reason;
  }
  if (any || first.empty()) return;
  throw UsageError(fmt::format("{}: no layer has weights that can be read; the first, {}",
                               option::kWeights, first));
}

std::string plans_text(const BenchOptions& options) {
  std::string text;
  for (const ModelPlan& plan : options.plans) {
    const bool chosen = std::find(options.models.begin(), options.models.end(), plan.model.name) !=
                        options.models.end();
    if (chosen) text += workload::plan_text(plan);
  }
  if (options.weights) {
    for (const int devices : options.tp_sizes) text += options.weights->text(devices);
  }
  return text;
}

std::string fingerprint(const BenchOptions& options, std::span<const workload::Case> cases) {
  constexpr std::uint64_t kBasis = 0xcbf29ce484222325U;
  constexpr std::uint64_t kPrime = 0x100000001b3U;
  std::uint64_t hash = kBasis;
  const auto add = [&](const std::string& text) {
    for (const char byte : text) hash = (hash ^ static_cast<unsigned char>(byte)) * kPrime;
  };
  for (const workload::Case& c : cases) {
    add(fmt::format("{} {} {} {} {} {} {} {} {}\n", mkn(c.shape), c.model, c.layer,
                    c.tensor_parallel, c.tokens.value_or(0), c.instances.value_or(0),
                    c.calls.value_or(0), c.prefill_only, c.skip_reason.value_or("")));
  }
  if (options.weights) add(options.weights->identity());
  return fmt::format("{:016x}", hash);
}

bool cases_are_of_files(const BenchOptions& options) {
  return options.mode == BenchMode::kModel && (options.models_file || !options.plans.empty());
}

}  // namespace twofour::app
