// What the steps of one case hand to each other. Internal to run/.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <span>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

#include "core/function_ref.h"
#include "run/attempts.h"
#include "run/case_plan.h"
#include "run/packed_weights.h"
#include "run/runner.h"

namespace twofour::run {

/// One kernel on its way through the case. Its record is done as soon as the outcome is not ok.
struct Entry {
  SelectedKernel selected;
  Record record;
  KernelPlan plan;
  const WeightCopies* weights = nullptr;  ///< of the case's PackedWeights, once packed
  std::unique_ptr<providers::Operation> operation;
  std::string winner;        ///< what another device's search has found; empty: it is searched
  double warm_up_s = 0;      ///< of all verifying launches, which are its warm-up too
  double warm_launch_s = 0;  ///< of the last of them
  std::optional<std::size_t> twin_of;  ///< place among the entries; of a control (run/twin.h)
  std::optional<Buffer> own_d;         ///< of a control; others share one
  double norm = 1;              ///< of what it is to compute, over that of X W; of stored weights
  std::vector<Record> results;  ///< one for each cache state, once sampled

  [[nodiscard]] bool alive() const { return record.outcome.kind == OutcomeKind::kOk; }
  void end(OutcomeKind kind, std::string reason) { record.outcome = {kind, std::move(reason)}; }
  /// Copies that the launch `slot` reads: one for each GEMM.
  [[nodiscard]] int first_copy(int slot) const { return slot * plan.gemms; }
  void launch(int slot) const {
    for (int i = 0; i < plan.gemms; ++i) operation->launch((*weights)[first_copy(slot) + i]);
  }
};

struct CaseState {
  const RunConfig& config;
  const workload::Case& c;
  device::Device& device;
  Roofs& roofs;
  Attempts& attempts;
  std::stop_token stop;

  CasePlan plan = {};

  // Operations refer to what stands above them, so they must go first.
  std::map<std::pair<DataType, Sparsity>, operands::Operands> operands = {};  ///< see OperandPlan
  std::map<DataType, Buffer> outputs = {};
  PackedWeights weights{device};
  std::vector<Entry> entries = {};
};

/// Plans the case and ends the entries that are not run: the kernel does not support the problem,
/// does not fit in memory, or the case is skipped.
void plan_entries(CaseState& state);
/// Makes operands and reference of each type; prepares, plans and verifies each entry.
void prepare_entries(CaseState& state);
/// Samples all entries that are alive, interleaved, and fills their results.
void sample_entries(CaseState& state);

/// A loop over the launches of an entry. `culprit` is the entry while its kernel runs, and after it
/// threw.
std::unique_ptr<device::TimedLoop> make_loop(CaseState& state, Entry& entry,
                                             const CacheState& cache, Entry*& culprit);
/// Measures the best dense and the best 2:4 kernel of the case under sustained load, where
/// RunConfig::load asks for it and there are both, and adds what it finds to their results.
void sustain_entries(CaseState& state);

/// What sampling found for one entry in one cache state.
struct Sampled {
  Entry* entry = nullptr;
  CacheState cache;
  int group = 0;
  Samples samples;
  double spent_s = 0;
  measure::StopReason stopped = measure::StopReason::kPrecise;
  std::optional<Together> together = {};     ///< how its sampling began
  std::optional<double> effective_mhz = {};  ///< ClockSample::effective_sm_mhz of its samples
  std::optional<RoundEnergy> energy = {};    ///< without vs_dense
};

/// Turns samples into summaries, ratios to the group's fastest dense kernel and to bf16, and flags.
void fill_results(CaseState& state, std::span<const Sampled> sampled, const ClockSample& clocks);

/// Runs `step` for `entry`, turning an exception into its outcome.
void guarded(CaseState& state, Entry& entry, FunctionRef<void()> step);

}  // namespace twofour::run
