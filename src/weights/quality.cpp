#include "weights/quality.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <vector>

#include "core/parallel.h"

namespace twofour::weights {
namespace {

constexpr std::size_t kLanes = 8;

/// In float64, in one order on every machine.
double dot(const float* a, const float* b, std::size_t count) {
  std::array<double, kLanes> sums{};
  std::size_t i = 0;
  for (; i + kLanes <= count; i += kLanes) {
    for (std::size_t lane = 0; lane < kLanes; ++lane) {
      sums[lane] += static_cast<double>(a[i + lane]) * static_cast<double>(b[i + lane]);
    }
  }
  for (; i < count; ++i) sums[0] += static_cast<double>(a[i]) * static_cast<double>(b[i]);
  double sum = 0;
  for (const double one : sums) sum += one;
  return sum;
}

/// Of one column of the output.
struct Squares {
  double exact = 0;
  double pruning = 0;
  double sparse_quantisation = 0;
  double dense_quantisation = 0;
  double sparse = 0;
  double dense = 0;

  void operator+=(const Squares& other) {
    exact += other.exact;
    pruning += other.pruning;
    sparse_quantisation += other.sparse_quantisation;
    dense_quantisation += other.dense_quantisation;
    sparse += other.sparse;
    dense += other.dense;
  }
};

double square(double value) { return value * value; }

/// X, and X as its codes have it.
struct Inputs {
  std::int64_t rows = 0;
  std::size_t k = 0;
  std::vector<float> x = {};
  std::vector<float> quantised = {};
};

Inputs inputs_of(const Activations& activations, std::int64_t k, DataType type,
                 ScaleGranularity granularity) {
  Inputs inputs{.rows = std::min(kQualityRows, activations.rows().value_or(kQualityRows)),
                .k = static_cast<std::size_t>(k)};
  const auto rows = static_cast<std::size_t>(inputs.rows);
  inputs.x.resize(rows * inputs.k);
  for (std::size_t i = 0; i < rows; ++i) {
    activations.row(static_cast<std::int64_t>(i),
                    std::span(inputs.x).subspan(i * inputs.k, inputs.k));
  }
  inputs.quantised = inputs.x;
  const std::vector<float> scales =
      activation_scales(activations, inputs.rows, k, type, granularity);
  for (std::size_t i = 0; i < rows; ++i) {
    round_trip(type, std::span(inputs.quantised).subspan(i * inputs.k, inputs.k),
               scales[scales.size() == 1 ? 0 : i]);
  }
  return inputs;
}

/// One output channel, in four forms.
struct Column {
  explicit Column(std::size_t k) : dense(k), pruned(k), dense_codes(k), pruned_codes(k) {}
  std::vector<float> dense;
  std::vector<float> pruned;
  std::vector<float> dense_codes;
  std::vector<float> pruned_codes;
};

Squares squares_of(const Inputs& inputs, const Column& column) {
  Squares sum;
  for (std::size_t i = 0; i < static_cast<std::size_t>(inputs.rows); ++i) {
    const float* x = inputs.x.data() + i * inputs.k;
    const float* xq = inputs.quantised.data() + i * inputs.k;
    const double exact = dot(x, column.dense.data(), inputs.k);
    const double pruned = dot(x, column.pruned.data(), inputs.k);
    const double dense = dot(xq, column.dense_codes.data(), inputs.k);
    const double sparse = dot(xq, column.pruned_codes.data(), inputs.k);
    sum += {square(exact),         square(pruned - exact), square(sparse - pruned),
            square(dense - exact), square(sparse),         square(dense)};
  }
  return sum;
}

}  // namespace

Quality quality_of(const LayerWeights& weights, const Inspection& inspection,
                   const Activations& activations, DataType type, ScaleScheme scales, int threads,
                   std::int64_t multiply_add_budget) {
  const Inputs inputs = inputs_of(activations, weights.k(), type, scales.a);
  const std::vector<float> weight_scale = weight_scales(weights, inspection, type, scales.b);
  const double cost = 4 * static_cast<double>(inputs.rows) * static_cast<double>(weights.k());
  const std::int64_t most = std::max<std::int64_t>(
      1, static_cast<std::int64_t>(static_cast<double>(multiply_add_budget) / cost));
  const std::int64_t columns = std::min(weights.n(), most);
  std::vector<Squares> squares(static_cast<std::size_t>(columns));
  parallel_run(threads, [&](int index, int count) {
    Column column(inputs.k);
    const Range share = thread_share(columns, index, count);
    for (std::int64_t i = share.begin; i < share.end; ++i) {
      const std::int64_t row = i * weights.n() / columns;  // evenly over all
      weights.row(row, column.dense);
      column.pruned = column.dense;
      if (!inspection.two_four) prune_row(column.pruned);
      const float scale =
          weight_scale[weight_scale.size() == 1 ? 0 : static_cast<std::size_t>(row)];
      column.dense_codes = column.dense;
      round_trip(type, column.dense_codes, scale);
      column.pruned_codes = column.pruned;
      round_trip(type, column.pruned_codes, scale);
      squares[static_cast<std::size_t>(i)] = squares_of(inputs, column);
    }
  });
  Squares all;
  for (const Squares& one : squares) all += one;
  const auto relative = [&](double sum) { return all.exact > 0 ? std::sqrt(sum / all.exact) : 0; };
  return {.rows = inputs.rows,
          .columns_share = static_cast<double>(columns) / static_cast<double>(weights.n()),
          .pruning_error = relative(all.pruning),
          .sparse_quantisation = relative(all.sparse_quantisation),
          .dense_quantisation = relative(all.dense_quantisation),
          .sparse_norm = relative(all.sparse),
          .dense_norm = relative(all.dense)};
}

}  // namespace twofour::weights
