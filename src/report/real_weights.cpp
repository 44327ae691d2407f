#include "report/real_weights.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "report/numbers.h"

namespace twofour::report {
namespace {

/// A layer, of all its rows.
struct LayerFacts {
  std::string name;   ///< with its model
  std::string layer;  ///< without
  std::string stored;
  WeightMask mask = WeightMask::kNone;
  std::optional<double> retained_energy;
  std::optional<double> pruning;
  std::optional<double> quantisation;
  std::optional<double> dense_quantisation;
  std::optional<double> arithmetic;       ///< the largest of its 2:4 kernels
  std::map<std::int64_t, double> ratios;  ///< the best of each M
  std::int64_t decoder_layers = 0;        ///< that have it, of which `survey` tells
  std::vector<SurveyedLayer> survey = {};
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
  if (facts.survey.size() > layer.survey.size()) {
    layer.survey = facts.survey;
    layer.decoder_layers = facts.decoder_layers.value_or(0);
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
      layers.back().layer = r.layer;
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

/// "86.1 to 88.7 %" over the decoder layers; empty without numbers.
std::string survey_range(const LayerFacts& layer, std::optional<double> SurveyedLayer::*number) {
  std::optional<double> low;
  std::optional<double> high;
  for (const SurveyedLayer& one : layer.survey) {
    if (!(one.*number)) continue;
    low = std::min(low.value_or(*(one.*number)), *(one.*number));
    high = std::max(high.value_or(*(one.*number)), *(one.*number));
  }
  if (!low) return {};
  constexpr double kHundred = 100;
  return fmt::format("{} to {} %", short_number(kHundred * *low), short_number(kHundred * *high));
}

std::string survey_count(const LayerFacts& layer) {
  if (layer.survey.empty()) return {};
  const auto seen = static_cast<std::int64_t>(layer.survey.size());
  if (seen == layer.decoder_layers) return fmt::format("{}", seen);
  return fmt::format("{} of {}", seen, layer.decoder_layers);
}

struct Worst {
  const LayerFacts* layer = nullptr;
  const SurveyedLayer* seen = nullptr;
};

/// Of all layers in all decoder layers, those with the largest error by pruning first.
std::vector<Worst> worst_of(const std::vector<LayerFacts>& layers) {
  std::vector<Worst> all;
  for (const LayerFacts& layer : layers) {
    for (const SurveyedLayer& one : layer.survey) {
      if (one.pruning_error) all.push_back({&layer, &one});
    }
  }
  std::stable_sort(all.begin(), all.end(), [](const Worst& a, const Worst& b) {
    return *a.seen->pruning_error > *b.seen->pruning_error;
  });
  return all;
}

/// What the survey over decoder layers found, and of how many; empty without one.
std::string survey_text(const std::vector<LayerFacts>& layers) {
  constexpr std::size_t kNamed = 5;
  std::string text;
  const std::vector<Worst> worst = worst_of(layers);
  if (worst.size() > layers.size() && *worst.front().seen->pruning_error > 0) {
    std::vector<std::string> named;
    for (const Worst& one : std::span(worst).first(std::min(kNamed, worst.size()))) {
      named.push_back(fmt::format("{} of decoder layer {} ({}, {} retained)", one.layer->layer,
                                  one.seen->decoder_layer, percent_cell(one.seen->pruning_error),
                                  percent_cell(one.seen->retained_energy)));
    }
    text = fmt::format("Over {} weights of all decoder layers, pruning costs most in {}. ",
                       worst.size(), fmt::join(named, ", "));
  }
  for (const LayerFacts& layer : layers) {
    if (static_cast<std::int64_t>(layer.survey.size()) < layer.decoder_layers) {
      text += fmt::format("There was no time for all decoder layers of {}: {} were looked at. ",
                          layer.layer, survey_count(layer));
    }
    for (const SurveyedLayer& one : layer.survey) {
      if (one.reason.empty()) continue;
      text += fmt::format("{} of decoder layer {} cannot be read: {}. ", layer.layer,
                          one.decoder_layer, one.reason);
      break;
    }
  }
  return text;
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
  const bool surveyed = std::any_of(layers.begin(), layers.end(),
                                    [](const LayerFacts& layer) { return !layer.survey.empty(); });
  if (surveyed) {
    grid.headings.push_back({.text = "decoder layers", .align = Align::kRight, .drop = 6});
    grid.headings.push_back({.text = "energy in them", .align = Align::kRight, .drop = 7});
    grid.headings.push_back({.text = "by pruning in them", .align = Align::kRight, .drop = 8});
  }
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
    if (surveyed) {
      row.cells.push_back(survey_count(layer));
      row.cells.push_back(survey_range(layer, &SurveyedLayer::retained_energy));
      row.cells.push_back(survey_range(layer, &SurveyedLayer::pruning_error));
    }
    grid.rows.push_back(std::move(row));
  }
  return grid;
}

Grid survey_table(std::span<const Record> records) {
  Grid grid;
  const std::vector<LayerFacts> layers = layers_of(records);
  std::map<std::int64_t, std::vector<std::string>> rows;
  grid.headings = {{.text = "decoder layer", .align = Align::kRight}};
  for (std::size_t i = 0; i < layers.size(); ++i) {
    grid.headings.push_back({.text = layers[i].layer, .align = Align::kRight});
    for (const SurveyedLayer& one : layers[i].survey) {
      auto& cells = rows[one.decoder_layer];
      cells.resize(layers.size());
      cells[i] = one.reason.empty() ? fmt::format("{} ({})", percent_cell(one.pruning_error),
                                                  percent_cell(one.retained_energy))
                                    : one.reason;
    }
  }
  for (auto& [layer, cells] : rows) {
    Grid::Row row{.cells = {fmt::format("{}", layer)}};
    row.cells.insert(row.cells.end(), cells.begin(), cells.end());
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
  return text + survey_text(layers) +
         "Errors are Frobenius norms of differences of one layer's output over that of XW with its "
         "stored weights, in float64: by pruning, then by quantising, then by the kernel's "
         "arithmetic; they need not add up. They are not accuracy on any task: a model may forgive "
         "more, after training with the mask, or less.";
}

}  // namespace twofour::report
