#include "weights/survey.h"

#include <algorithm>
#include <chrono>
#include <stdexcept>

#include "weights/model_weights.h"

namespace twofour::weights {
namespace {

double now_s() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

}  // namespace

std::vector<std::size_t> spread_order(std::size_t count) {
  unsigned bits = 0;
  while ((std::size_t{1} << bits) < count) ++bits;
  std::vector<std::size_t> order;
  order.reserve(count);
  for (std::size_t i = 0; i < std::size_t{1} << bits; ++i) {
    std::size_t reversed = 0;
    for (unsigned bit = 0; bit < bits; ++bit) reversed |= (i >> bit & 1) << (bits - 1 - bit);
    if (reversed < count) order.push_back(reversed);
  }
  return order;
}

SurveyedLayer ModelWeights::survey_one(const workload::Layer& layer, std::int64_t decoder_layer,
                                       const SurveyRequest& request) {
  SurveyedLayer seen{.decoder_layer = decoder_layer};
  try {
    LayerSource source =
        LayerSource::find(files_, *names_, layer, request.tensor_parallel, decoder_layer);
    const Activations activations = activations_of(source, layer);
    const LayerWeights weights(files_, std::move(source));
    const Inspection inspection = inspect(weights, request.threads);
    const Quality quality = quality_of(weights, inspection, activations, request.type,
                                       request.scales, request.threads, kSurveyBudget);
    seen.retained_energy = inspection.two_four ? 1 : inspection.retained_energy;
    seen.pruning_error = quality.pruning_error;
    seen.quantisation_error = quality.sparse_quantisation;
  } catch (const std::runtime_error& error) {
    seen.reason = error.what();
  }
  return seen;
}

void ModelWeights::survey(const SurveyRequest& request, TellSurvey tell) {
  std::size_t most = 0;
  SurveyProgress progress;
  for (const workload::Layer& layer : model_.layers) {
    if (source(layer.name, request.tensor_parallel) == nullptr) continue;
    most = std::max(most, layer.decoder_layers.size());
    progress.of += static_cast<int>(layer.decoder_layers.size());
  }
  const double start = now_s();
  // By depth, then by layer: what there is no time for is the same of all layers.
  for (const std::size_t place : spread_order(most)) {
    for (const workload::Layer& layer : model_.layers) {
      if (place >= layer.decoder_layers.size()) continue;
      if (source(layer.name, request.tensor_parallel) == nullptr) continue;
      if (progress.done > 0 && now_s() - start >= request.seconds) return;
      LayerSurvey& found = surveys_[{{layer.name, request.tensor_parallel}, request.type}];
      found.decoder_layers = static_cast<std::int64_t>(layer.decoder_layers.size());
      SurveyedLayer seen = survey_one(layer, layer.decoder_layers[place], request);
      const auto behind = std::find_if(
          found.seen.begin(), found.seen.end(),
          [&](const SurveyedLayer& one) { return one.decoder_layer > seen.decoder_layer; });
      found.seen.insert(behind, std::move(seen));
      ++progress.done;
      progress.seconds = now_s() - start;
      if (!tell(progress)) return;
    }
  }
}

}  // namespace twofour::weights
