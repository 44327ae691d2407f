// The best dense and the best 2:4 kernel of a case under sustained load.
#include <algorithm>
#include <exception>
#include <new>
#include <stdexcept>
#include <string>
#include <utility>

#include "measure/blocks.h"
#include "run/case_state.h"

namespace twofour::run {
namespace {

/// One result of an entry.
struct Place {
  Entry* entry = nullptr;
  std::size_t result = 0;

  [[nodiscard]] Record& record() const { return entry->results[result]; }
};

bool is_faster(const Record& a, const Place& b) {
  return b.entry == nullptr || a.summary->median_s < b.record().summary->median_s;
}

/// The fastest result that `accept` takes, as far as it has a time.
template <class Accept>
Place fastest(CaseState& state, Accept accept) {
  Place best;
  for (Entry& entry : state.entries) {
    for (std::size_t i = 0; i < entry.results.size(); ++i) {
      const Record& record = entry.results[i];
      if (record.summary && accept(record) && is_faster(record, best)) best = {&entry, i};
    }
  }
  return best;
}

/// A 2:4 kernel of the run's own type, in the cache state that a model's layers meet.
Place best_sparse(CaseState& state) {
  const CacheMode mode = state.config.caches.front();
  return fastest(state, [&](const Record& r) {
    return is_sparse(r.problem.sparsity) && r.problem.a == state.config.dtype &&
           r.cache.mode == mode && r.vs_dense;
  });
}

/// The kernel that `sparse` is divided by.
Place baseline_of(CaseState& state, const Record& sparse) {
  return fastest(state, [&](const Record& r) {
    return r.kernel == sparse.baseline && r.cache.mode == sparse.cache.mode;
  });
}

void sustain(CaseState& state, const Place& dense, const Place& sparse) {
  Entry* culprit = nullptr;
  const auto dense_loop = make_loop(state, *dense.entry, dense.record().cache, culprit);
  const auto sparse_loop = make_loop(state, *sparse.entry, sparse.record().cache, culprit);
  measure::BlockConfig config = state.config.blocks;
  Companions* const companions = state.config.companions;
  if (companions != nullptr) {
    config.before_block = [&state, companions] {
      state.attempts.leave();  // to wait is no call of a kernel
      companions->meet(state.c.index, state.stop);
    };
  }
  const measure::BlockPairs pairs = measure::sample_blocks(
      *dense_loop, *sparse_loop, [&state] { return state.device.probe().energy_j(); }, config,
      state.stop);
  state.attempts.leave();
  if (pairs.blocks[0].empty()) throw std::runtime_error(std::string(kInterruptedReason));
  Sustained of_dense = measure::sustained_of(pairs.blocks[0]);
  Sustained of_sparse = measure::sustained_of(pairs.blocks[1]);
  measure::compare_blocks(of_dense, of_sparse);
  if (companions != nullptr) {
    dense.record().together = sparse.record().together = companions->met();
  }
  dense.record().sustained = std::move(of_dense);
  sparse.record().sustained = std::move(of_sparse);
}

}  // namespace

void sustain_entries(CaseState& state) {
  if (state.config.load == Load::kRested) return;
  const Place sparse = best_sparse(state);
  if (sparse.entry == nullptr) return;
  const Place dense = baseline_of(state, sparse.record());
  if (dense.entry == nullptr) return;
  const auto without = [&](const std::string& reason) {
    state.attempts.leave();
    for (const Place& place : {dense, sparse})
      place.record().sustained = Sustained{.reason = reason};
  };
  // What was measured before stays.
  try {
    sustain(state, dense, sparse);
  } catch (const std::bad_alloc&) {
    without("out of memory");
  } catch (const std::exception& error) {
    without(error.what());
  }
}

}  // namespace twofour::run
