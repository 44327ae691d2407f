#include "app/model_files.h"

#include <fmt/format.h>

#include <algorithm>
#include <exception>
#include <utility>

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
  apply_files(options, row, values[0], workload::load_model_config);
}

void apply_model_dir(BenchOptions& options, const OptionSpec& row,
                     std::span<const std::string> values) {
  apply_files(options, row, values[0], workload::load_model_folder);
}

std::string plans_text(const BenchOptions& options) {
  std::string text;
  for (const ModelPlan& plan : options.plans) {
    const bool chosen = std::find(options.models.begin(), options.models.end(), plan.model.name) !=
                        options.models.end();
    if (chosen) text += workload::plan_text(plan);
  }
  return text;
}

std::string fingerprint(std::span<const workload::Case> cases) {
  constexpr std::uint64_t kBasis = 0xcbf29ce484222325U;
  constexpr std::uint64_t kPrime = 0x100000001b3U;
  std::uint64_t hash = kBasis;
  for (const workload::Case& c : cases) {
    const std::string text =
        fmt::format("{} {} {} {} {} {} {} {} {}\n", mkn(c.shape), c.model, c.layer,
                    c.tensor_parallel, c.tokens.value_or(0), c.instances.value_or(0),
                    c.calls.value_or(0), c.prefill_only, c.skip_reason.value_or(""));
    for (const char byte : text) {
      hash = (hash ^ static_cast<unsigned char>(byte)) * kPrime;
    }
  }
  return fmt::format("{:016x}", hash);
}

bool cases_are_of_files(const BenchOptions& options) {
  return options.mode == BenchMode::kModel && (options.models_file || !options.plans.empty());
}

}  // namespace twofour::app
