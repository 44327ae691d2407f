#include "run/case_plan.h"

#include <fmt/format.h>

#include <algorithm>
#include <exception>
#include <map>
#include <set>
#include <string>
#include <tuple>
#include <utility>

#include "run/limits.h"

namespace twofour::run {
namespace {

// More rotated copies than this cost more set-up time than the measurement is worth; where lines
// can be flushed instead, they are.
constexpr std::size_t kRotationBudgetBytes = std::size_t{256} << 20;

// The rest of the machine needs some memory too.
constexpr double kUsableShare = 0.9;

/// B goes when all kernels of its type are prepared.
std::size_t b_bytes(const operands::OperandSpec& spec) {
  return static_cast<std::size_t>(weight_bytes(spec.shape, spec.type, Sparsity::kDense));
}

std::size_t output_bytes(const GemmProblem& problem) {
  return static_cast<std::size_t>(problem.batch) *
         bytes_of(problem.d, providers::output_rows(problem.shape.m) * problem.shape.n);
}

operands::OperandSpec spec_of(const RunConfig& config, const GemmProblem& problem) {
  return {.shape = problem.shape,
          .type = problem.a,
          .scales = config.scales,
          .seed = config.seed,
          .pattern = config.pattern};
}

KernelPlan kernel_plan(const RunConfig& config, const KernelNeed& need) {
  KernelPlan plan{.outcome = need.outcome,
                  .problem = need.problem,
                  .weights = need.footprint.weights,
                  .gemms = need.gemms};
  if (!plan.runs()) return plan;
  plan.operand_bytes = operands::operand_bytes(spec_of(config, need.problem));
  plan.output_bytes = output_bytes(need.problem);
  plan.workspace_bytes = need.footprint.workspace_bytes;
  if (config.weights) plan.weights.key += fmt::format("/{}", to_string(need.problem.sparsity));
  return plan;
}

/// Kernels of one output type write one D, which has room for the largest.
void share_outputs(std::vector<KernelPlan>& kernels) {
  std::map<DataType, std::size_t> most;
  for (const KernelPlan& kernel : kernels) {
    std::size_t& bytes = most[kernel.problem.d];
    bytes = std::max(bytes, kernel.output_bytes);
  }
  for (KernelPlan& kernel : kernels) {
    if (kernel.runs()) kernel.output_bytes = most[kernel.problem.d];
  }
}

using OperandKey = std::pair<DataType, Sparsity>;

OperandKey key_of(const RunConfig& config, const GemmProblem& problem) {
  return {problem.a, weights_for(config, problem.sparsity)};
}

/// What is counted once however many kernels share it.
struct Tally {
  std::set<OperandKey> operands;
  std::set<DataType> output_types;
  std::set<std::string> weight_keys;
  std::size_t bytes = 0;
};

/// `tally` with `kernel` and one copy of its weights added.
Tally with(const RunConfig& config, Tally tally, const KernelPlan& kernel) {
  if (tally.operands.insert(key_of(config, kernel.problem)).second)
    tally.bytes += kernel.operand_bytes;
  if (tally.output_types.insert(kernel.problem.d).second) tally.bytes += kernel.output_bytes;
  if (tally.weight_keys.insert(kernel.weights.key).second) tally.bytes += kernel.launch_bytes();
  tally.bytes += kernel.workspace_bytes;
  return tally;
}

double gib(std::size_t bytes) { return static_cast<double>(bytes) / (1 << 30); }

/// Those that may run, in the order in which they get memory.
std::vector<KernelPlan*> by_importance(const RunConfig& config, std::vector<KernelPlan>& kernels) {
  std::vector<KernelPlan*> order;
  for (KernelPlan& kernel : kernels) {
    if (kernel.runs()) order.push_back(&kernel);
  }
  std::stable_partition(order.begin(), order.end(), [&](const KernelPlan* kernel) {
    return kernel->problem.a == config.dtype;
  });
  return order;
}

/// Skips those that do not fit into `usable` bytes; what the others take with one copy each.
Tally refuse_what_does_not_fit(const RunConfig& config, std::vector<KernelPlan>& kernels,
                               std::size_t usable) {
  Tally tally;
  for (KernelPlan* kernel : by_importance(config, kernels)) {
    const Tally larger = with(config, tally, *kernel);
    if (larger.bytes > usable) {
      kernel->outcome = {OutcomeKind::kSkipped,
                         fmt::format("needs {:.2f} GiB with what runs beside it, {:.2f} GiB are "
                                     "free",
                                     gib(larger.bytes), gib(usable))};
      continue;
    }
    tally = larger;
  }
  return tally;
}

bool cold_wanted(const RunConfig& config) {
  return std::find(config.caches.begin(), config.caches.end(), CacheMode::kCold) !=
         config.caches.end();
}

/// `copy_budget`: bytes that all copies of one layout may take.
CacheState cache_state(const RunConfig& config, const KernelPlan& kernel, std::size_t copy_budget,
                       const MemoryFacts& facts) {
  CacheState state;
  if (cold_wanted(config)) {
    state = device::plan_cold(kernel.launch_bytes(), facts.last_level_cache_bytes, copy_budget,
                              facts.can_flush);
  } else {
    state.mode = CacheMode::kHot;
    state.bytes_per_copy = kernel.launch_bytes();
    state.last_level_cache_bytes = facts.last_level_cache_bytes;
  }
  const auto bytes = [&](Sparsity sparsity) {
    const auto gemms = static_cast<double>(kernel.gemms * kernel.problem.batch);
    return static_cast<std::size_t>(gemms *
                                    weight_bytes(kernel.problem.shape, kernel.problem.b, sparsity));
  };
  state.residency = device::residency(bytes(Sparsity::kDense), bytes(config.pattern),
                                      facts.last_level_cache_bytes);
  return state;
}

void add_operands_and_outputs(const RunConfig& config, CasePlan& plan) {
  std::set<OperandKey> operands;
  std::set<DataType> output_types;
  for (const KernelPlan& kernel : plan.kernels) {
    if (!kernel.runs()) continue;
    if (operands.insert(key_of(config, kernel.problem)).second) {
      plan.operands.push_back(
          {spec_of(config, kernel.problem), weights_for(config, kernel.problem.sparsity)});
    }
    if (output_types.insert(kernel.problem.d).second) {
      plan.outputs.push_back({kernel.problem.d, kernel.output_bytes});
    }
  }
  std::sort(plan.operands.begin(), plan.operands.end(), [](const auto& x, const auto& y) {
    const auto order = [](const OperandPlan& one) {
      return std::tuple(-info(one.spec.type).bits, one.spec.type, one.weights);
    };
    return order(x) < order(y);
  });
}

std::size_t peak_bytes(const RunConfig& config, const CasePlan& plan) {
  std::size_t kept = 0;
  std::size_t peak = 0;
  std::set<DataType> outputs;
  std::set<std::string> weights;
  for (const auto& [spec, operand_weights] : plan.operands) {
    for (const KernelPlan& kernel : plan.kernels) {
      if (!kernel.runs() ||
          key_of(config, kernel.problem) != OperandKey{spec.type, operand_weights}) {
        continue;
      }
      if (outputs.insert(kernel.problem.d).second) kept += kernel.output_bytes;
      if (weights.insert(kernel.weights.key).second) kept += kernel.weight_bytes();
      kept += kernel.workspace_bytes;
    }
    kept += operands::operand_bytes(spec);
    peak = std::max(peak, kept);
    kept -= b_bytes(spec);
  }
  return peak;
}

/// Skips the kernels that do not fit; returns the bytes that all copies of one layout may take.
std::size_t fit_into_memory(const RunConfig& config, std::vector<KernelPlan>& kernels,
                            const MemoryFacts& facts) {
  if (!facts.free_bytes) return kRotationBudgetBytes;
  const auto usable =
      static_cast<std::size_t>(kUsableShare * static_cast<double>(*facts.free_bytes));
  const Tally tally = refuse_what_does_not_fit(config, kernels, usable);
  // Half of what is left, so that a wrong guess of a library's own memory does not end the run.
  const std::size_t budget =
      (usable - tally.bytes) / 2 / std::max<std::size_t>(tally.weight_keys.size(), 1);
  return facts.can_flush ? std::min(budget, kRotationBudgetBytes) : budget;
}

}  // namespace

Sparsity weights_for(const RunConfig& config, Sparsity sparsity) {
  return config.weights ? sparsity : Sparsity::kTwoFour;
}

MemoryFacts memory_facts(device::Device& device) {
  return {.free_bytes = device.memory().status().free_bytes,
          .last_level_cache_bytes = device.info().last_level_cache_bytes,
          .can_flush = device.timer().can_flush()};
}

KernelNeed kernel_need(const RunConfig& config, const workload::Case& c,
                       const SelectedKernel& selected, Answers answers) {
  const std::int64_t gemms = c.experts.value_or(1);
  KernelNeed need{
      .problem = problem_for(selected.kernel, c.shape, config.scales, config.pattern, gemms),
      .gemms = selected.kernel.batched ? 1 : static_cast<int>(gemms)};
  if (c.skip_reason) {
    need.outcome = {OutcomeKind::kSkipped, *c.skip_reason};
    return need;
  }
  if (beyond_limit(selected.kernel, c)) {
    need.outcome = {OutcomeKind::kUnsupported,
                    fmt::format("takes M up to {}; there is no other row of it beyond that",
                                *selected.kernel.most_m)};
    return need;
  }
  const providers::Provider& provider = *selected.instance->provider;
  if (need.problem.sparsity == Sparsity::kSixEight && !provider.expands_six_eight()) {
    need.outcome = {OutcomeKind::kUnsupported,
                    fmt::format("6:8 is not built for {} yet", selected.instance->row.name)};
    return need;
  }
  std::optional<providers::Guess> guess;
  if (answers == Answers::kQuick) guess = provider.guess(selected.kernel, need.problem);
  need.guessed = guess.has_value();
  const providers::Support support =
      guess ? guess->support : provider.supports(selected.kernel, need.problem);
  if (!support) {
    need.outcome = {OutcomeKind::kUnsupported, *support.reason};
    return need;
  }
  need.footprint =
      guess ? guess->footprint : provider.footprint(selected.kernel, need.problem, config.threads);
  return need;
}

CasePlan plan_case(const RunConfig& config, std::span<const KernelNeed> needs,
                   const MemoryFacts& facts) {
  CasePlan plan;
  for (const KernelNeed& need : needs) plan.kernels.push_back(kernel_plan(config, need));
  share_outputs(plan.kernels);
  const std::size_t copy_budget = fit_into_memory(config, plan.kernels, facts);
  for (KernelPlan& kernel : plan.kernels) {
    if (kernel.runs()) kernel.cold = cache_state(config, kernel, copy_budget, facts);
  }
  add_operands_and_outputs(config, plan);
  plan.peak_bytes = peak_bytes(config, plan);
  return plan;
}

CasePlan plan_case(const RunConfig& config, const workload::Case& c,
                   std::span<const SelectedKernel> kernels, const MemoryFacts& facts) {
  std::vector<KernelNeed> needs;
  for (const SelectedKernel& selected : kernels) {
    if (!takes_part(selected.kernel, c)) continue;
    try {
      needs.push_back(kernel_need(config, c, selected));
    } catch (const std::exception& error) {
      needs.push_back({.outcome = {OutcomeKind::kFailed, error.what()}});
    }
  }
  return plan_case(config, needs, facts);
}

CasePlan plan_case(const RunConfig& config, const workload::Case& c,
                   std::span<const SelectedKernel> kernels, device::Device& device) {
  return plan_case(config, c, kernels, memory_facts(device));
}

}  // namespace twofour::run
