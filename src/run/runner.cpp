#include "run/runner.h"

#include <algorithm>
#include <exception>
#include <new>
#include <utility>

#include "run/case_state.h"

namespace twofour::run {

void guarded(CaseState& state, Entry& entry, FunctionRef<void()> step) {
  const AttemptScope scope(state.attempts, entry.record);
  try {
    step();
  } catch (const std::bad_alloc&) {
    entry.end(OutcomeKind::kFailed, "out of memory");
  } catch (const std::exception& error) {
    entry.end(OutcomeKind::kFailed, error.what());
  }
}

namespace {

/// What all rows of a case have in common.
Record case_record(const RunConfig& config, const workload::Case& c,
                   const ProviderInstance& instance) {
  Record record;
  record.mode = config.mode;
  record.dtype = config.dtype;
  record.case_index = c.index;
  record.executed = c.shape;
  record.model = c.model;
  record.layer = c.layer;
  record.tensor_parallel = c.tensor_parallel;
  record.tokens = c.tokens;
  record.instances = c.instances;
  record.calls = c.calls;
  record.prefill_only = c.prefill_only;
  record.experts = c.experts;
  record.pattern = config.pattern;
  record.device = instance.device;
  record.provider = instance.row.name;
  record.seed = config.seed;
  record.repro = config.repro_line(c);
  return record;
}

}  // namespace

Record base_record(const RunConfig& config, const workload::Case& c,
                   const SelectedKernel& selected) {
  Record record = case_record(config, c, *selected.instance);
  record.problem =
      problem_for(selected.kernel, c.shape, config.scales, config.pattern, c.experts.value_or(1));
  record.provider_version = selected.instance->provider->version();
  record.kernel = selected.kernel.name;
  record.lost_algorithms = selected.avoid;
  return record;
}

Record unavailable_record(const RunConfig& config, const workload::Case& c,
                          const ProviderInstance& instance) {
  Record record = case_record(config, c, instance);
  record.problem = {
      .shape = c.shape, .a = config.dtype, .b = config.dtype, .scales = config.scales};
  record.kernel = std::string(instance.row.name) + "_*";
  record.outcome = {instance.unavailable_kind, instance.unavailable};
  return record;
}

void plan_entries(CaseState& state) {
  std::vector<KernelNeed> needs;
  for (Entry& entry : state.entries) {
    KernelNeed need;
    guarded(state, entry, [&] { need = kernel_need(state.config, state.c, entry.selected); });
    if (!entry.alive()) need.outcome = entry.record.outcome;
    needs.push_back(std::move(need));
  }
  state.plan = plan_case(state.config, needs, memory_facts(state.device));
  for (std::size_t i = 0; i < state.entries.size(); ++i) {
    Entry& entry = state.entries[i];
    entry.plan = state.plan.kernels[i];
    entry.record.outcome = entry.plan.outcome;
    if (entry.alive()) entry.record.cache = entry.plan.cold;
  }
}

namespace {

std::vector<Entry> entries_of(const RunConfig& config, const workload::Case& c,
                              std::span<const SelectedKernel> kernels) {
  std::vector<Entry> entries;
  for (const SelectedKernel& kernel : kernels) {
    if (!takes_part(kernel.kernel, c)) continue;
    Entry entry;
    entry.selected = kernel;
    entry.record = base_record(config, c, kernel);
    entries.push_back(std::move(entry));
  }
  return entries;
}

}  // namespace

namespace {

/// What none of the kernels did is the end of all that have no result yet.
void fail_all(CaseState& state, const std::string& reason) {
  state.attempts.leave();
  for (Entry& entry : state.entries) {
    if (!entry.alive() || !entry.results.empty()) continue;
    entry.end(OutcomeKind::kFailed, reason);
    entry.operation.reset();
  }
}

}  // namespace

std::vector<Record> run_case(const RunConfig& config, const workload::Case& c,
                             std::span<const SelectedKernel> kernels, device::Device& device,
                             Roofs& roofs, Attempts& attempts, std::stop_token stop) {
  CaseState state{.config = config,
                  .c = c,
                  .device = device,
                  .roofs = roofs,
                  .attempts = attempts,
                  .stop = std::move(stop)};
  state.entries = entries_of(config, c, kernels);
  try {
    plan_entries(state);
    prepare_entries(state);
    sample_entries(state);
    sustain_entries(state);
  } catch (const std::bad_alloc&) {
    fail_all(state, "out of memory");
  } catch (const std::exception& error) {
    fail_all(state, error.what());
  }

  std::vector<Record> records;
  for (Entry& entry : state.entries) {
    if (!entry.alive()) records.push_back(std::move(entry.record));
    for (Record& record : entry.results) records.push_back(std::move(record));
  }
  return records;
}

}  // namespace twofour::run
