#include "decide/totals.h"

#include <algorithm>
#include <cmath>
#include <functional>

namespace twofour::decide {
namespace {

/// A sum of medians and, as long as all of its parts have them, of their draws.
class Sum {
 public:
  void add(double weight, double value, std::span<const double> draws) {
    value_ += weight * value;
    whole_ = whole_ && !draws.empty();
    if (!whole_) return;
    draws_.resize(kResamples);
    for (std::size_t i = 0; i < kResamples; ++i) draws_[i] += weight * draws[i];
  }
  [[nodiscard]] Estimate estimate() const {
    return {value_, whole_ ? middle_95(draws_) : std::nullopt};
  }
  /// `combine` of this sum and `other`, value by value.
  template <class Combine>
  [[nodiscard]] Estimate with(const Sum& other, Combine combine) const {
    Estimate estimate{combine(value_, other.value_), std::nullopt};
    if (!whole_ || !other.whole_ || draws_.empty() || other.draws_.empty()) return estimate;
    std::vector<double> combined(kResamples);
    for (std::size_t i = 0; i < kResamples; ++i) combined[i] = combine(draws_[i], other.draws_[i]);
    estimate.interval = middle_95(std::move(combined));
    return estimate;
  }

 private:
  double value_ = 0;
  bool whole_ = true;
  std::vector<double> draws_;
};

struct Case {
  Sum sum;
  Total total;

  void add(const LayerTime& layer, double value, std::span<const double> draws) {
    sum.add(layer.weight, value, draws);
    ++total.counted;
  }
  void lack(const LayerTime& layer, const std::string& why) {
    total.missing.push_back(layer.name + " (" + why + ")");
  }
  Total end() {
    total.seconds = sum.estimate();
    return total;
  }
};

/// A sum that one part without a number makes unknown.
class Joules {
 public:
  void add(double weight, std::optional<double> joules) {
    if (joules) any_ = true;
    sum_ = sum_ && joules ? std::optional(*sum_ + weight * *joules) : std::nullopt;
  }
  [[nodiscard]] std::optional<double> sum() const { return any_ ? sum_ : std::nullopt; }
  [[nodiscard]] bool any() const { return any_; }

 private:
  std::optional<double> sum_ = 0;
  bool any_ = false;
};

Energy energy_of(std::span<const LayerTime> layers) {
  Joules dense;
  Joules sparse;
  Joules mixed;
  for (const LayerTime& layer : layers) {
    dense.add(layer.weight, layer.dense_j);
    sparse.add(layer.weight, layer.sparse_j);
    mixed.add(layer.weight, layer.wins ? layer.sparse_j : layer.dense_j);
  }
  return {.dense = dense.sum(),
          .sparse = sparse.sum(),
          .mixed = mixed.sum(),
          .any = dense.any() || sparse.any()};
}

Estimate saving_of(const LayerTime& layer, const Resampled& drawn) {
  Sum dense;
  Sum sparse;
  dense.add(layer.weight, drawn.dense_s, drawn.dense_draws);
  sparse.add(layer.weight, drawn.sparse_s, drawn.sparse_draws);
  return dense.with(sparse, std::minus<>());
}

}  // namespace

Totals totals(std::span<const LayerTime> layers) {
  Case dense;
  Case sparse;
  Case mixed;
  Sum dense_of_used;
  Sum sparse_of_used;
  Totals found;
  for (std::size_t i = 0; i < layers.size(); ++i) {
    const LayerTime& layer = layers[i];
    const bool has_dense = !layer.dense_s.empty();
    const bool has_sparse = !layer.sparse_s.empty();
    const bool used = layer.wins && has_dense && has_sparse;
    Resampled drawn;
    if (has_dense || has_sparse) drawn = resample(layer.dense_s, layer.sparse_s, i);
    if (has_dense) {
      dense.add(layer, drawn.dense_s, drawn.dense_draws);
    } else {
      dense.lack(layer, layer.why_no_dense);
    }
    if (has_sparse) {
      sparse.add(layer, drawn.sparse_s, drawn.sparse_draws);
    } else {
      sparse.lack(layer, layer.why_no_sparse);
    }
    if (used) {
      mixed.add(layer, drawn.sparse_s, drawn.sparse_draws);
      dense_of_used.add(layer.weight, drawn.dense_s, drawn.dense_draws);
      sparse_of_used.add(layer.weight, drawn.sparse_s, drawn.sparse_draws);
    } else if (has_dense) {
      mixed.add(layer, drawn.dense_s, drawn.dense_draws);
    } else {
      mixed.lack(layer, layer.why_no_dense);
    }
    if (has_dense && has_sparse) {
      found.savings.push_back({layer.name, saving_of(layer, drawn), used});
    }
  }
  found.energy = energy_of(layers);
  found.saved_s = dense_of_used.with(sparse_of_used, std::minus<>());
  found.dense = dense.end();
  found.sparse = sparse.end();
  found.mixed = mixed.end();
  if (found.dense.known()) found.speed_up = dense.sum.with(mixed.sum, std::divides<>());
  if (found.dense.known() && found.sparse.known()) {
    found.sparse_speed_up = dense.sum.with(sparse.sum, std::divides<>());
  }
  std::stable_sort(found.savings.begin(), found.savings.end(),
                   [](const Saving& a, const Saving& b) {
                     return std::abs(a.seconds.value) > std::abs(b.seconds.value);
                   });
  return found;
}

std::vector<Saving> deciding(const Totals& found) {
  constexpr double kMost = 0.8;
  std::vector<Saving> kept;
  double sum = 0;
  for (const Saving& saving : found.savings) {
    if (!saving.used || sum >= kMost * found.saved_s.value) continue;
    sum += saving.seconds.value;
    kept.push_back(saving);
  }
  return kept;
}

Estimate end_to_end(const Estimate& speed_up, double linear_share) {
  const auto whole = [&](double ratio) { return 1 / (1 - linear_share + linear_share / ratio); };
  Estimate bound{whole(speed_up.value), std::nullopt};
  if (speed_up.interval) {
    bound.interval = Interval{whole(speed_up.interval->low), whole(speed_up.interval->high)};
  }
  return bound;
}

}  // namespace twofour::decide
