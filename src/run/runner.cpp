#include "run/runner.h"

#include <fmt/format.h>

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

std::string repro_line(const RunConfig& config, const GemmShape& shape) {
  return fmt::format(
      "{} range_bench --dim-start 1 --dim-end 2 --dim-increment 1 --m-constant {} --k-constant {} "
      "--n-constant {}",
      config.repro_prefix, shape.m, shape.k, shape.n);
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
  record.device = instance.device;
  record.provider = instance.row.name;
  record.seed = config.seed;
  record.repro = repro_line(config, c.shape);
  return record;
}

}  // namespace

Record base_record(const RunConfig& config, const workload::Case& c,
                   const SelectedKernel& selected) {
  Record record = case_record(config, c, *selected.instance);
  record.problem = problem_for(selected.kernel, c.shape, config.scales);
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

void check_support(CaseState& state) {
  for (Entry& entry : state.entries) {
    if (state.c.skip_reason) {
      entry.end(OutcomeKind::kSkipped, *state.c.skip_reason);
      continue;
    }
    guarded(state, entry, [&] {
      const auto& provider = *entry.selected.instance->provider;
      const GemmProblem& problem = entry.record.problem;
      if (const auto support = provider.supports(entry.selected.kernel, problem); !support) {
        entry.end(OutcomeKind::kUnsupported, *support.reason);
        return;
      }
      entry.footprint = provider.footprint(entry.selected.kernel, problem, state.config.threads);
    });
  }
}

namespace {

std::vector<Entry> entries_of(const RunConfig& config, const workload::Case& c,
                              std::span<const SelectedKernel> kernels) {
  std::vector<Entry> entries;
  for (const SelectedKernel& kernel : kernels) {
    Entry entry;
    entry.selected = kernel;
    entry.record = base_record(config, c, kernel);
    entries.push_back(std::move(entry));
  }
  return entries;
}

}  // namespace

std::size_t case_memory(const RunConfig& config, const workload::Case& c,
                        std::span<const SelectedKernel> kernels, device::Device& device) {
  Roofs roofs;
  NoAttempts attempts;
  CaseState state{
      .config = config, .c = c, .device = device, .roofs = roofs, .attempts = attempts, .stop = {}};
  state.entries = entries_of(config, c, kernels);
  check_support(state);
  plan_memory(state);
  return peak_bytes(state);
}

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
  check_support(state);
  plan_memory(state);
  prepare_entries(state);
  sample_entries(state);

  std::vector<Record> records;
  for (Entry& entry : state.entries) {
    if (!entry.alive()) records.push_back(std::move(entry.record));
    for (Record& record : entry.results) records.push_back(std::move(record));
  }
  return records;
}

}  // namespace twofour::run
