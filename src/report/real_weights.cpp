#include "report/real_weights.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "report/numbers.h"

namespace twofour::report {
namespace {

/// A layer, of all its rows.
struct LayerFacts {
  std::string name;
  std::string stored;
  WeightMask mask = WeightMask::kNone;
  std::optional<double> retained_energy;
  std::optional<double> pruning;
  std::optional<double> quantisation;
  std::optional<double> dense_quantisation;
  std::optional<double> arithmetic;       ///< the largest of its 2:4 kernels
  std::map<std::int64_t, double> ratios;  ///< the best of each M
};

void add(LayerFacts& layer, const Record& r) {
  const RealWeights& facts = *r.real_weights;
  layer.stored = facts.stored;
  if (r.problem.sparsity == Sparsity::kDense) {
    layer.dense_quantisation = facts.quantisation_error;
    return;
  }
  layer.mask = facts.mask;
  layer.retained_energy = facts.retained_energy;
  layer.pruning = facts.pruning_error;
  layer.quantisation = facts.quantisation_error;
  if (facts.arithmetic_error) {
    layer.arithmetic = std::max(layer.arithmetic.value_or(0), *facts.arithmetic_error);
  }
  if (!r.vs_dense) return;
  double& best = layer.ratios[r.problem.shape.m];
  best = std::max(best, r.vs_dense->value);
}

/// The worst first.
std::vector<LayerFacts> layers_of(std::span<const Record> records) {
  using Key = std::tuple<std::string, std::string, int>;
  std::map<Key, std::size_t> places;
  std::vector<LayerFacts> layers;
  for (const Record& r : records) {
    if (!r.real_weights || r.problem.a != r.dtype) continue;
    const auto [found, is_new] =
        places.try_emplace(Key{r.model, r.layer, r.tensor_parallel}, layers.size());
    if (is_new) {
      layers.emplace_back();
      layers.back().name = fmt::format("{} of {}, TP {}", r.layer, r.model, r.tensor_parallel);
    }
    add(layers[found->second], r);
  }
  std::stable_sort(layers.begin(), layers.end(), [](const LayerFacts& a, const LayerFacts& b) {
    return a.pruning.value_or(-1) > b.pruning.value_or(-1);
  });
  return layers;
}

std::string percent_cell(const std::optional<double>& share) {
  constexpr double kHundred = 100;
  return share ? short_number(kHundred * *share) + " %" : std::string();
}

/// "1.11x to 1.49x".
std::string ratio_range(const LayerFacts& layer) {
  if (layer.ratios.empty()) return {};
  const auto by_ratio = [](const auto& a, const auto& b) { return a.second < b.second; };
  const auto [low, high] = std::minmax_element(layer.ratios.begin(), layer.ratios.end(), by_ratio);
  if (layer.ratios.size() == 1) return times(low->second);
  return fmt::format("{} to {}", times(low->second), times(high->second));
}

}  // namespace

Grid real_weights_table(std::span<const Record> records) {
  Grid grid;
  const std::vector<LayerFacts> layers = layers_of(records);
  if (layers.empty()) return grid;
  grid.headings = {{.text = "real weights, worst first"},
                   {.text = "stored", .drop = 5},
                   {.text = "mask", .drop = 4},
                   {.text = "retained energy", .align = Align::kRight},
                   {.text = "error by pruning", .align = Align::kRight},
                   {.text = "by quantising", .align = Align::kRight},
                   {.text = "by arithmetic", .align = Align::kRight, .drop = 2},
                   {.text = "dense, by quantising", .align = Align::kRight, .drop = 3},
                   {.text = "2:4 vs dense", .align = Align::kRight}};
  for (const LayerFacts& layer : layers) {
    Grid::Row row;
    row.cells = {
        layer.name,
        layer.stored,
        layer.mask == WeightMask::kNone ? std::string() : std::string(to_string(layer.mask)),
        percent_cell(layer.retained_energy),
        percent_cell(layer.pruning),
        percent_cell(layer.quantisation),
        percent_cell(layer.arithmetic),
        percent_cell(layer.dense_quantisation),
        ratio_range(layer)};
    grid.rows.push_back(std::move(row));
  }
  return grid;
}

std::string real_weights_text(std::span<const Record> records) {
  const std::vector<LayerFacts> layers = layers_of(records);
  if (layers.empty()) return {};
  std::string text;
  if (const LayerFacts& worst = layers.front();
      worst.pruning.value_or(0) > 0 && layers.size() > 1) {
    text = fmt::format(
        "Pruning costs most in {}: {} of the output's norm, with {} of the energy "
        "of its weights retained. ",
        worst.name, percent_cell(worst.pruning), percent_cell(worst.retained_energy));
  }
  return text +
         "Errors are Frobenius norms of differences of one layer's output over that of XW with its "
         "stored weights, in float64: by pruning, then by quantising, then by the kernel's "
         "arithmetic; they need not add up. They are not accuracy on any task: a model may forgive "
         "more, after training with the mask, or less.";
}

}  // namespace twofour::report
