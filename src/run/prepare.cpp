// From a supported problem to a verified operation.
#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstddef>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "providers/tuning.h"
#include "run/case_state.h"
#include "run/real_operands.h"
#include "run/twin.h"
#include "run/verifier.h"
#include "verify/verify.h"

namespace twofour::run {
namespace {

/// Adds the wall time of its own life to `total_s`.
class PhaseTimer {
 public:
  explicit PhaseTimer(double& total_s) : total_s_(total_s) {}
  ~PhaseTimer() { total_s_ += measure::steady_seconds() - start_; }
  PhaseTimer(const PhaseTimer&) = delete;
  PhaseTimer& operator=(const PhaseTimer&) = delete;

 private:
  double& total_s_;
  double start_ = measure::steady_seconds();
};

/// The search for one row: what it tries is in hand, and what it leaves out is the record's.
class RowSearch final : public providers::SearchLog {
 public:
  RowSearch(Attempts& attempts, Record& record) : attempts_(attempts), record_(record) {}
  /// What ended a process for this row, then what the tuning file knows.
  std::vector<std::string> avoid(const providers::SearchScope& scope) override {
    std::vector<std::string>& names = record_.lost_algorithms;
    std::vector<std::string> lasting;
    if (!scope.family.empty()) lasting = providers::TuningFile::shared().avoided(scope);
    for (std::string& name : lasting) {
      if (std::find(names.begin(), names.end(), name) == names.end()) {
        names.push_back(std::move(name));
      }
    }
    row_ = 0;
    return names;
  }
  void trying(const std::string& algorithm, const providers::SearchScope& scope) override {
    if (row_ == 0) row_ = attempts_.describe(record_);
    attempts_.try_algorithm(row_, algorithm, scope);
  }
  void tried() override { attempts_.enter(row_); }
  void chosen(const Tuning& tuning) override { record_.tuning = tuning; }

 private:
  Attempts& attempts_;
  Record& record_;
  int row_ = 0;  ///< 0: the record was not described as it is now
};

/// Those that multiply the operands of `plan`.
std::vector<Entry*> alive_of(CaseState& state, const OperandPlan& plan) {
  std::vector<Entry*> entries;
  for (Entry& entry : state.entries) {
    const GemmProblem& problem = entry.record.problem;
    if (entry.alive() && problem.a == plan.spec.type &&
        weights_for(state.config, problem.sparsity) == plan.weights) {
      entries.push_back(&entry);
    }
  }
  return entries;
}

/// What the rows say of stored weights; nothing without them.
void note_weights(CaseState& state, const OperandPlan& plan, const std::vector<Entry*>& entries) {
  if (!state.config.weights) return;
  weights::ModelWeights& model = *state.config.weights;
  const workload::Case& c = state.c;
  const int threads = state.config.threads;
  const operands::OperandSpec& spec = plan.spec;
  const RealWeights facts =
      model.facts(c.layer, c.tensor_parallel, spec.type, spec.scales, plan.weights, threads);
  const weights::Quality& quality =
      model.quality(c.layer, c.tensor_parallel, spec.type, spec.scales, threads);
  for (Entry* entry : entries) {
    entry->record.real_weights = facts;
    entry->norm = plan.weights == Sparsity::kDense ? quality.dense_norm : quality.sparse_norm;
  }
}

operands::Operands make_operands(CaseState& state, const OperandPlan& plan) {
  if (!state.config.weights) return state.device.operands().make_operands(plan.spec);
  const weights::ReadLayer& layer =
      state.config.weights->read(state.c.layer, state.c.tensor_parallel, state.config.threads);
  return make_real_operands(plan.spec, layer, plan.weights, state.device, state.config.threads);
}

/// The error of a kernel's arithmetic over the norm of X W. A bias would be part of the norm.
void note_arithmetic(Entry& entry, const verify::CheckResult& check) {
  if (!entry.record.real_weights || entry.record.problem.bias || check.reference_squares <= 0) {
    return;
  }
  const double error = std::sqrt(check.error_squares / check.reference_squares) * entry.norm;
  std::optional<double>& worst = entry.record.real_weights->arithmetic_error;
  if (std::isfinite(error)) worst = std::max(worst.value_or(0), error);
}

/// Launches and waits; the time counts as warm-up and not as verification.
void launch_timed(CaseState& state, Entry& entry, FunctionRef<void()> launch) {
  const double start = measure::steady_seconds();
  launch();
  state.device.memory().synchronize();
  entry.warm_launch_s = measure::steady_seconds() - start;
  entry.warm_up_s += entry.warm_launch_s;
  entry.record.phases.verify_s -= entry.warm_launch_s;
}

/// Compares D with the reference; the entry ends where it is wrong.
void compare(Entry& entry, Verifier& verifier, const Buffer& d) {
  const Accumulation accumulation =
      entry.selected.instance->provider->accumulation(entry.selected.kernel, entry.record.problem);
  const verify::CheckResult check = verifier.check(entry.record.problem, accumulation, d);
  note_arithmetic(entry, check);
  if (!entry.record.accuracy ||
      check.accuracy.max_error_ratio >= entry.record.accuracy->max_error_ratio) {
    entry.record.accuracy = check.accuracy;
  }
  if (!check.right) entry.end(OutcomeKind::kIncorrect, check.description);
}

/// The D of the last GEMM of a batch, where that of the first stood.
void bring_last(CaseState& state, const GemmProblem& problem, const Buffer& d) {
  const std::int64_t room = providers::output_rows(problem.shape.m) * problem.shape.n;
  const auto at = bytes_of(problem.d, (problem.batch - 1) * room);
  state.device.memory().copy(d.data(), d.as<std::byte>() + at,
                             bytes_of(problem.d, problem.shape.m * problem.shape.n));
}

/// Runs one GEMM into a poisoned D and compares. Both ends of the rotation are checked: the first
/// copy, and the last one made; of a batch, its first and its last GEMM. Where a launch has several
/// GEMMs one after another, all write one D, and what is seen of them together is the time.
void verify_entry(CaseState& state, Entry& entry, Verifier& verifier, const Buffer& d) {
  const PhaseTimer timer(entry.record.phases.verify_s);
  std::vector<int> copies{0};
  if (entry.plan.weight_copies() > 1) copies.push_back(entry.plan.weight_copies() - 1);
  const GemmProblem& problem = entry.record.problem;
  for (const int copy : copies) {
    state.device.memory().fill_bytes(d.data(), verify::kPoisonByte, d.bytes());
    launch_timed(state, entry, [&] { entry.operation->launch((*entry.weights)[copy]); });
    compare(entry, verifier, d);
    if (problem.batch > 1 && entry.alive()) {
      bring_last(state, problem, d);
      compare(entry, verifier, d);
    }
    if (!entry.alive()) return;
  }
  if (entry.plan.gemms > 1) launch_timed(state, entry, [&] { entry.launch(0); });
}

void prepare_entry(CaseState& state, Entry& entry, const operands::Operands& operands,
                   Verifier& verifier) {
  const Buffer& d = entry.own_d ? *entry.own_d : state.outputs.at(entry.record.problem.d);
  const providers::KernelInfo& kernel = entry.selected.kernel;
  const providers::Provider& provider = *entry.selected.instance->provider;
  const GemmProblem& problem = entry.record.problem;
  {
    const PhaseTimer timer(entry.record.phases.prepare_s);
    const auto pack = [&](void* packed) {
      provider.pack(kernel, problem,
                    {.device = state.device,
                     .weights = operands.b,
                     .packed = packed,
                     .threads = state.config.threads});
    };
    entry.weights = &state.weights.get(entry.plan.weights, entry.plan.weight_copies(), pack);
    entry.operation = provider.make_operation(kernel, problem);
    entry.operation->prepare({.device = state.device,
                              .operands = operands,
                              .d = d.data(),
                              .threads = state.config.threads});
    state.device.memory().synchronize();
  }
  {
    const PhaseTimer timer(entry.record.phases.plan_s);
    RowSearch search(state.attempts, entry.record);
    entry.operation->plan({.device = state.device,
                           .budget = std::chrono::duration<double>(state.config.plan_budget_s),
                           .cache = entry.plan.cold,
                           .copies = entry.weights->all(),
                           .log = &search,
                           .algorithm = entry.twin_of ? entry.record.algorithm.str() : entry.winner,
                           .search = state.config.search});
  }
  entry.record.algorithm = entry.operation->algorithm();
  if (state.config.companions != nullptr && !entry.twin_of) {
    state.config.companions->found(state.c.index, entry.record.kernel, entry.record.algorithm);
  }
  entry.record.architecture = entry.operation->architecture();
  entry.record.remark = entry.operation->remark();
  entry.record.executed = entry.operation->executed();
  entry.record.copies = entry.operation->copies();
  verify_entry(state, entry, verifier, d);
}

void allocate_outputs(CaseState& state, const std::vector<Entry*>& entries) {
  for (const OutputPlan& output : state.plan.outputs) {
    const bool written = std::any_of(entries.begin(), entries.end(), [&](const Entry* entry) {
      return entry->record.problem.d == output.type;
    });
    if (!written || state.outputs.contains(output.type)) continue;
    state.outputs.emplace(output.type, state.device.memory().allocate(output.bytes));
  }
}

/// The case's control, where it has one: prepared and verified as the others are.
void prepare_twin(CaseState& state, const operands::Operands& operands, Verifier& verifier) {
  const DataType type = operands.spec.type;
  if (type != state.config.dtype || !state.config.control_cases.contains(state.c.index)) return;
  const std::optional<std::size_t> original = twin_candidate(state, type);
  if (!original || state.stop.stop_requested()) return;
  Entry twin = make_twin(state, *original);
  guarded(state, twin, [&] { prepare_entry(state, twin, operands, verifier); });
  if (!twin.alive()) twin.operation.reset();
  state.entries.push_back(std::move(twin));
}

/// Everything for the kernels that multiply operands of `plan`.
void prepare_operands(CaseState& state, const OperandPlan& plan) {
  const std::vector<Entry*> entries = alive_of(state, plan);
  if (entries.empty()) return;
  Phases shared;
  std::optional<Verifier> verifier;
  operands::Operands& operands = state.operands[{plan.spec.type, plan.weights}];
  // The operands and the reference belong to all of these kernels, and so does their failure.
  const auto make_shared = [&] {
    allocate_outputs(state, entries);
    {
      const PhaseTimer timer(shared.operands_s);
      operands = make_operands(state, plan);
    }
    const PhaseTimer timer(shared.reference_s);
    note_weights(state, plan, entries);
    verifier.emplace(operands, state.device, state.config.make_element_reader,
                     state.config.threads);
  };
  if (!state.stop.stop_requested()) guarded(state, *entries.front(), make_shared);
  for (Entry* entry : entries) {
    if (!verifier && !entries.front()->alive()) {
      entry->record.outcome = entries.front()->record.outcome;
      continue;
    }
    if (state.stop.stop_requested()) {
      entry->end(OutcomeKind::kSkipped, std::string(kInterruptedReason));
      continue;
    }
    // Here no kernel is in hand, and nobody counts the time.
    if (state.config.companions != nullptr) {
      entry->winner =
          state.config.companions->winner(state.c.index, entry->record.kernel, state.stop);
    }
    entry->record.phases.operands_s = shared.operands_s;
    entry->record.phases.reference_s = shared.reference_s;
    guarded(state, *entry, [&] { prepare_entry(state, *entry, operands, *verifier); });
    if (!entry->alive()) entry->operation.reset();
  }
  if (!verifier) {
    operands = {};
    return;
  }
  if (plan.weights == weights_for(state.config, Sparsity::kDense)) {
    prepare_twin(state, operands, *verifier);
  }
  // From here on the kernels read their own packed copies.
  operands.b = Buffer{};
}

}  // namespace

void prepare_entries(CaseState& state) {
  for (const OperandPlan& plan : state.plan.operands) prepare_operands(state, plan);
  if (state.config.companions != nullptr) state.config.companions->searched(state.c.index);
}

}  // namespace twofour::run
