// Will it fit, and how many copies of the weights can be afforded?
#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <string>
#include <vector>

#include "run/case_state.h"

namespace twofour::run {
namespace {

// More rotated copies than this cost more set-up time than the measurement is worth; where lines
// can be flushed instead, they are.
constexpr std::size_t kRotationBudgetBytes = std::size_t{256} << 20;

// The rest of the machine needs some memory too.
constexpr double kUsableShare = 0.9;

std::size_t output_bytes(const GemmProblem& problem) {
  return static_cast<std::size_t>(providers::output_rows(problem.shape.m) * problem.shape.n) *
         static_cast<std::size_t>(size_of(problem.d));
}

operands::OperandSpec spec_of(const RunConfig& config, const GemmProblem& problem) {
  return {.shape = problem.shape, .type = problem.a, .scales = config.scales, .seed = config.seed};
}

/// What is counted once however many kernels share it.
struct Tally {
  std::set<DataType> operand_types;
  std::set<DataType> output_types;
  std::set<std::string> weight_keys;
  std::size_t bytes = 0;
  std::size_t packs = 0;
};

std::string weights_key(const Entry& entry) {
  const auto& key = entry.footprint.weights_key;
  return entry.record.provider + "/" + (key.empty() ? entry.record.kernel : key);
}

/// `tally` with `entry` added.
Tally with(Tally tally, const RunConfig& config, const Entry& entry) {
  const GemmProblem& problem = entry.record.problem;
  if (tally.operand_types.insert(problem.a).second) {
    tally.bytes += operands::operand_bytes(spec_of(config, problem));
  }
  if (tally.output_types.insert(problem.d).second) tally.bytes += output_bytes(problem);
  if (tally.weight_keys.insert(weights_key(entry)).second) {
    tally.bytes += entry.footprint.weight_bytes;
    ++tally.packs;
  }
  tally.bytes += entry.footprint.workspace_bytes;
  return tally;
}

double gib(std::size_t bytes) { return static_cast<double>(bytes) / (1 << 30); }

bool cold_wanted(const RunConfig& config) {
  return std::find(config.caches.begin(), config.caches.end(), CacheMode::kCold) !=
         config.caches.end();
}

CacheState cold_state(const RunConfig& config, std::size_t weight_bytes, std::size_t leftover,
                      std::size_t packs, device::Device& device) {
  if (!cold_wanted(config)) {
    CacheState state;
    state.mode = CacheMode::kHot;
    state.bytes_per_copy = weight_bytes;
    state.last_level_cache_bytes = device.info().last_level_cache_bytes;
    return state;
  }
  // Half of what is left, so that a wrong guess of a library's own memory does not end the run.
  std::size_t budget = leftover / 2 / std::max<std::size_t>(packs, 1);
  if (device.timer().can_flush()) budget = std::min(budget, kRotationBudgetBytes);
  return device::plan_cold(weight_bytes, device.info().last_level_cache_bytes, budget,
                           device.timer().can_flush());
}

/// Those that are still to be run; the kernels that the run is about before the 16-bit ones that
/// they are compared with, so that these give way where memory is short.
std::vector<Entry*> by_importance(CaseState& state) {
  std::vector<Entry*> entries;
  for (Entry& entry : state.entries) {
    if (entry.alive()) entries.push_back(&entry);
  }
  std::stable_partition(entries.begin(), entries.end(), [&](const Entry* entry) {
    return entry->record.problem.a == state.config.dtype;
  });
  return entries;
}

}  // namespace

void plan_memory(CaseState& state) {
  const auto usable = static_cast<std::size_t>(
      kUsableShare * static_cast<double>(state.device.memory().status().free_bytes));
  Tally tally;
  for (Entry* entry : by_importance(state)) {
    const Tally larger = with(tally, state.config, *entry);
    if (larger.bytes > usable) {
      entry->end(OutcomeKind::kSkipped,
                 fmt::format("needs {:.2f} GiB with what runs beside it, {:.2f} GiB are free",
                             gib(larger.bytes), gib(usable)));
      continue;
    }
    tally = larger;
  }
  for (Entry& entry : state.entries) {
    if (!entry.alive()) continue;
    entry.cold = cold_state(state.config, entry.footprint.weight_bytes, usable - tally.bytes,
                            tally.packs, state.device);
    const GemmShape& shape = entry.record.problem.shape;
    const auto bytes = [&](Sparsity sparsity) {
      return static_cast<std::size_t>(weight_bytes(shape, entry.record.problem.b, sparsity));
    };
    entry.cold.residency = device::residency(bytes(Sparsity::kDense), bytes(Sparsity::kTwoFour),
                                             state.device.info().last_level_cache_bytes);
    entry.record.cache = entry.cold;
  }
}

std::size_t peak_bytes(const CaseState& state) {
  std::size_t kept = 0;
  std::size_t peak = 0;
  std::set<DataType> outputs;
  std::set<std::string> weights;
  for (const DataType type : types_in_order(state)) {
    std::size_t operands = 0;
    std::size_t freed = 0;  // B, once all kernels of the type are prepared
    for (const Entry& entry : state.entries) {
      const GemmProblem& problem = entry.record.problem;
      if (!entry.alive() || problem.a != type) continue;
      operands = operands::operand_bytes(spec_of(state.config, problem));
      freed = static_cast<std::size_t>(weight_bytes(problem.shape, type, Sparsity::kDense));
      if (outputs.insert(problem.d).second) kept += output_bytes(problem);
      if (weights.insert(weights_key(entry)).second) {
        kept += entry.footprint.weight_bytes * static_cast<std::size_t>(entry.cold.copies);
      }
      kept += entry.footprint.workspace_bytes;
    }
    kept += operands;
    peak = std::max(peak, kept);
    kept -= freed;
  }
  return peak;
}

MemoryNeed memory_need(const RunConfig& config, const workload::Case& c,
                       const SelectedKernel& selected, device::Device& device) {
  const GemmProblem problem = problem_for(selected.kernel, c.shape, config.scales);
  const providers::Footprint footprint =
      selected.instance->provider->footprint(selected.kernel, problem, config.threads);
  MemoryNeed need;
  need.operand_bytes = operands::operand_bytes(spec_of(config, problem));
  need.other_bytes = output_bytes(problem) + footprint.workspace_bytes;
  const std::size_t fixed = need.operand_bytes + need.other_bytes + footprint.weight_bytes;
  const std::size_t free = device.memory().status().free_bytes;
  need.copies =
      cold_state(config, footprint.weight_bytes, free - std::min(free, fixed), 1, device).copies;
  need.weight_bytes = footprint.weight_bytes * static_cast<std::size_t>(need.copies);
  return need;
}

}  // namespace twofour::run
