#include "decide/layers.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <tuple>
#include <utility>

#include "core/expert_layers.h"
#include "measure/statistics.h"

namespace twofour::decide {
namespace {

bool has_time(const Record& r) {
  return r.outcome.measured() && r.summary && r.summary->median_s > 0 &&
         std::isfinite(r.summary->median_s);
}

bool is_sparse(const Record& r) { return is_sparse(r.problem.sparsity); }

bool takes_part(const Record& r) {
  return r.mode == BenchMode::kModel && r.problem.a == r.dtype && !is_twin(r) &&
         r.outcome.kind != OutcomeKind::kNotBuilt;
}

std::string device_key(const Record& r) {
  if (!r.device) return {};
  return fmt::format("{} {} {} {}", to_string(r.device->kind), r.device->ordinal, r.device->uuid,
                     r.device->name);
}

std::string subject_key(const Record& r) {
  return fmt::format("{}\n{}\n{}\n{}\n{}\n{}\n{}\n{}\n{}", device_key(r), info(r.dtype).cli_name,
                     r.model, r.tensor_parallel, to_string(r.pattern), to_string(r.cache.mode),
                     info(r.problem.d).cli_name, to_string(r.problem.scales), r.problem.bias);
}

/// The rows of one case.
using Rows = std::vector<const Record*>;

std::string no_kernel(bool sparse, Sparsity pattern) {
  return fmt::format("no {} kernel took part", to_string(sparse ? pattern : Sparsity::kDense));
}

const Layer* named(const Subject& subject, const Layer& like, const std::string& name) {
  const auto found =
      std::find_if(subject.layers.begin(), subject.layers.end(), [&](const Layer& layer) {
        return layer.name == name && layer.all_experts != like.all_experts && layer.k == like.k &&
               layer.n == like.n;
      });
  return found == subject.layers.end() ? nullptr : &*found;
}

std::string reason_of(const Rows& rows, bool sparse) {
  for (const Record* r : rows) {
    if (is_sparse(*r) != sparse) continue;
    if (!r->outcome.measured()) {
      return fmt::format("{}: {}", to_string(r->outcome.kind), r->outcome.reason);
    }
    return "its time is not a number";
  }
  return no_kernel(sparse, rows.front()->pattern);
}

bool better(const Record& r, const Record* than) {
  if (than == nullptr) return true;
  if (!r.vs_dense || !than->vs_dense) return r.vs_dense && !than->vs_dense;
  return r.vs_dense->value > than->vs_dense->value;
}

State state_of(const Record& sparse) {
  if (!sparse.vs_dense || !std::isfinite(sparse.vs_dense->value)) return State::kUnknown;
  switch (sparse.vs_dense->verdict) {
    case Verdict::kWin:
      return State::kWin;
    case Verdict::kLoss:
      return State::kLoss;
    case Verdict::kTie:
    case Verdict::kInconclusive:
      break;
  }
  return State::kUnclear;
}

/// The fastest of those that multiply a batch in one call; null: none has a time.
const Record* fastest_batch(const Rows& rows, bool sparse) {
  const Record* best = nullptr;
  for (const Record* r : rows) {
    if (r->problem.batch == 1 || is_sparse(*r) != sparse || !has_time(*r)) continue;
    if (best == nullptr || r->summary->median_s < best->summary->median_s) best = r;
  }
  return best;
}

Point point_of(const Rows& rows) {
  Point point{.m = rows.front()->problem.shape.m};
  point.tokens = rows.front()->tokens;
  if (rows.front()->calls) point.calls = static_cast<double>(*rows.front()->calls);
  for (const Record* r : rows) {
    if (!has_time(*r)) continue;
    if (is_sparse(*r)) {
      if (better(*r, point.sparse)) point.sparse = r;
    } else if (point.dense == nullptr || r->summary->median_s < point.dense->summary->median_s) {
      point.dense = r;
    }
  }
  if (point.sparse != nullptr) {
    for (const Record* r : rows) {
      if (!is_sparse(*r) && has_time(*r) && r->kernel == point.sparse->baseline) point.dense = r;
    }
  }
  point.dense_batch = fastest_batch(rows, false);
  point.sparse_batch = fastest_batch(rows, true);
  if (point.dense == nullptr) point.why_no_dense = reason_of(rows, false);
  if (point.sparse == nullptr) point.why_no_sparse = reason_of(rows, true);
  if (point.dense != nullptr && point.sparse != nullptr) point.state = state_of(*point.sparse);
  return point;
}

/// What the kernels of one provider share in one case: packed weights and searches. The first of
/// them spends the time, and the others find what it left.
class Shared {
 public:
  explicit Shared(std::span<const Record> records) {
    for (const Record& r : records) {
      if (!takes_part(r) || !is_sparse(r) || !r.outcome.measured()) continue;
      auto& [pack_s, search_s] = spent_[key(r)];
      pack_s = std::max(pack_s, r.phases.prepare_s);
      search_s = std::max(search_s, r.phases.plan_s);
    }
  }
  void tell(Point& point) const {
    if (point.sparse == nullptr) return;
    std::tie(point.pack_s, point.search_s) = spent_.at(key(*point.sparse));
  }

 private:
  static std::string key(const Record& r) {
    return fmt::format("{}\n{}\n{}", device_key(r), r.case_index, r.provider);
  }
  std::map<std::string, std::pair<double, double>> spent_;
};

Layer& layer_of(Subject& subject, const Record& r) {
  const auto [m, n, k] = r.problem.shape;
  const auto found =
      std::find_if(subject.layers.begin(), subject.layers.end(), [&](const Layer& layer) {
        return layer.name == r.layer && layer.k == r.problem.shape.k &&
               layer.n == r.problem.shape.n;
      });
  if (found != subject.layers.end()) return *found;
  subject.layers.push_back({.name = r.layer,
                            .k = k,
                            .n = n,
                            .prefill_only = r.prefill_only,
                            .all_experts = r.experts.has_value(),
                            .instances = r.instances});
  return subject.layers.back();
}

Subject subject_of(const Record& r) {
  return {.device = r.device.value_or(DeviceId{}),
          .dtype = r.dtype,
          .model = r.model,
          .tensor_parallel = r.tensor_parallel,
          .pattern = r.pattern,
          .cache = r.cache.mode,
          .d = r.problem.d,
          .scales = r.problem.scales,
          .bias = r.problem.bias};
}

}  // namespace

std::string title(const Layer& layer) {
  return fmt::format("{} {}x{}", layer.name, layer.k, layer.n);
}

const Layer* all_experts_of(const Subject& subject, const Layer& one) {
  if (one.all_experts) return nullptr;
  return named(subject, one, one.name + std::string(kAllExpertsSuffix));
}

const Layer* one_expert_of(const Subject& subject, const Layer& all) {
  if (!all.all_experts || !all.name.ends_with(kAllExpertsSuffix)) return nullptr;
  return named(subject, all, all.name.substr(0, all.name.size() - kAllExpertsSuffix.size()));
}

std::vector<Subject> subjects(std::span<const Record> records) {
  const Shared shared(records);
  std::vector<Subject> found;
  std::map<std::string, std::size_t> place;
  std::map<std::pair<std::size_t, int>, Rows> rows_of;  // of a subject and a case
  std::vector<std::pair<std::size_t, int>> order;
  for (const Record& r : records) {
    if (!takes_part(r)) continue;
    const auto [at, is_new] = place.try_emplace(subject_key(r), found.size());
    if (is_new) found.push_back(subject_of(r));
    const std::pair<std::size_t, int> key{at->second, r.case_index};
    Rows& rows = rows_of[key];
    if (rows.empty()) order.push_back(key);
    rows.push_back(&r);
  }
  for (const auto& key : order) {
    const Rows& rows = rows_of[key];
    Point point = point_of(rows);
    shared.tell(point);
    layer_of(found[key.first], *rows.front()).points.push_back(std::move(point));
  }
  for (Subject& subject : found) {
    for (Layer& layer : subject.layers) {
      std::stable_sort(layer.points.begin(), layer.points.end(),
                       [](const Point& a, const Point& b) {
                         return std::tie(a.m, a.tokens) < std::tie(b.m, b.tokens);
                       });
    }
  }
  // A kernel that another one of the same case has a twin of, and 2:4 has not, decides nothing.
  std::erase_if(found, [](const Subject& subject) {
    const std::string none = no_kernel(true, subject.pattern);
    return std::none_of(subject.layers.begin(), subject.layers.end(), [&](const Layer& layer) {
      return std::any_of(layer.points.begin(), layer.points.end(),
                         [&](const Point& point) { return point.why_no_sparse != none; });
    });
  });
  return found;
}

std::vector<Subject> leading(const std::vector<Subject>& all) {
  std::vector<Subject> kept;
  const auto same = [](const Subject& a, const Subject& b) {
    return a.device == b.device && a.dtype == b.dtype && a.model == b.model &&
           a.tensor_parallel == b.tensor_parallel && a.pattern == b.pattern;
  };
  const auto rank = [](const Subject& s) { return std::pair(s.cache == CacheMode::kHot, s.bias); };
  for (const Subject& subject : all) {
    const auto found = std::find_if(kept.begin(), kept.end(),
                                    [&](const Subject& other) { return same(other, subject); });
    if (found == kept.end()) {
      kept.push_back(subject);
    } else if (rank(subject) < rank(*found)) {
      *found = subject;
    }
  }
  return kept;
}

std::optional<Ratio> batch_ratio(const Point& point) {
  const auto rounds = [](const Record* r) {
    return r == nullptr || !r->samples ? std::span<const double>() : r->samples->device_s;
  };
  const auto dense = rounds(point.dense_batch);
  const auto sparse = rounds(point.sparse_batch);
  if (dense.empty() || sparse.empty()) return std::nullopt;
  return measure::compare(dense, sparse);
}

std::vector<std::string_view> doubts(const Point& point) {
  std::vector<std::string_view> names;
  if (point.state != State::kWin) return names;
  for (const Flag flag : point.sparse->flags) {
    if (info(flag).doubts_win) names.push_back(to_string(flag));
  }
  return names;
}

}  // namespace twofour::decide
