#include "run/twin.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <utility>
#include <vector>

#include "measure/stopping.h"
#include "report/answer.h"

namespace twofour::run {
namespace {

/// A control must not be what brings a run to the end of its memory.
constexpr double kUsableShare = 0.5;

bool comparable(const Entry& x, const Entry& y) {
  const GemmProblem& a = x.record.problem;
  const GemmProblem& b = y.record.problem;
  return a.a == b.a && a.d == b.d && a.bias == b.bias &&
         x.selected.kernel.scaled == y.selected.kernel.scaled;
}

bool is_dense(const Entry& entry) { return entry.record.problem.sparsity == Sparsity::kDense; }

bool has_room(CaseState& state, const KernelPlan& plan) {
  const std::optional<std::size_t> free_bytes = state.device.memory().status().free_bytes;
  const std::size_t needed = plan.output_bytes + plan.weight_bytes() + plan.workspace_bytes;
  return !free_bytes ||
         static_cast<double>(needed) <= kUsableShare * static_cast<double>(*free_bytes);
}

}  // namespace

std::set<int> control_cases(std::span<const workload::Case> cases, std::size_t kernels) {
  std::array<std::vector<int>, report::kSizeClasses.size()> regimes;
  std::size_t runs = 0;
  for (const workload::Case& c : cases) {
    if (c.skip_reason) continue;
    runs += kernels;
    for (std::size_t i = 0; i < regimes.size(); ++i) {
      if (report::kSizeClasses[i].holds(c.shape.m)) regimes[i].push_back(c.index);
    }
  }
  std::stable_sort(regimes.begin(), regimes.end(),
                   [](const auto& a, const auto& b) { return a.size() > b.size(); });
  const auto room = static_cast<std::size_t>(measure::kTwinShare * static_cast<double>(runs));
  std::set<int> found;
  // The first of each regime, then the next ones.
  for (std::size_t place = 0; place < regimes.front().size(); place += kTwinEvery) {
    for (const std::vector<int>& regime : regimes) {
      if (place < regime.size() && found.size() < room) found.insert(regime[place]);
    }
  }
  return found;
}

std::optional<std::size_t> twin_candidate(CaseState& state, DataType type) {
  const std::vector<Entry>& entries = state.entries;
  std::optional<std::size_t> best;
  for (std::size_t i = 0; i < entries.size(); ++i) {
    const Entry& entry = entries[i];
    if (!entry.alive() || !is_dense(entry) || entry.record.problem.a != type) continue;
    const bool asked = std::any_of(entries.begin(), entries.end(), [&](const Entry& other) {
      return other.alive() && !is_dense(other) && comparable(entry, other);
    });
    if (!asked || (best && entries[*best].warm_launch_s <= entry.warm_launch_s)) continue;
    best = i;
  }
  if (best && !has_room(state, entries[*best].plan)) return std::nullopt;
  return best;
}

Entry make_twin(CaseState& state, std::size_t original) {
  const Entry& first = state.entries[original];
  Entry twin;
  twin.selected = first.selected;
  twin.plan = first.plan;
  twin.plan.weights.key += kTwinSuffix;  // shared with nobody
  twin.twin_of = original;
  twin.record = first.record;
  twin.record.twin_of = first.record.kernel;
  twin.record.kernel = first.record.kernel + kTwinSuffix;
  twin.record.accuracy.reset();
  twin.record.tuning.reset();
  twin.record.phases = {.operands_s = first.record.phases.operands_s,
                        .reference_s = first.record.phases.reference_s};
  twin.own_d = state.device.memory().allocate(first.plan.output_bytes);
  return twin;
}

}  // namespace twofour::run
