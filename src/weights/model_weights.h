// The stored weights of a model's layers, with what pruning and quantising does to them.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <tuple>
#include <utility>

#include "core/real_weights.h"
#include "weights/activations.h"
#include "weights/layer_weights.h"
#include "weights/quality.h"
#include "weights/quantised.h"
#include "weights/survey.h"
#include "weights/tensor_files.h"
#include "workload/workload.h"

namespace twofour::weights {

struct WeightsOptions {
  std::filesystem::path folder;
  std::optional<std::filesystem::path> activations;  ///< nothing: drawn
  std::optional<std::int64_t> decoder_layer;         ///< nothing: the first that has the layer
  std::uint64_t seed = 0;
};

/// A layer as it was read: kept as long as the model is.
struct ReadLayer {
  LayerWeights weights;
  Inspection inspection;
  Activations activations;
};

/// Not for several threads at once.
class ModelWeights {
 public:
  /// Reads headers. Throws std::runtime_error naming the file and what is wrong with it: files that
  /// cannot be read, and models whose config.json names a form that is not read.
  ModelWeights(const workload::Model& model, WeightsOptions options);

  [[nodiscard]] const std::string& model() const { return model_.name; }
  /// Why a layer cannot be read, by headers alone; empty: it can.
  [[nodiscard]] std::string refusal(const std::string& layer, int tensor_parallel);
  /// What a run would read for a layer; null where there is a refusal.
  [[nodiscard]] const LayerSource* source(const std::string& layer, int tensor_parallel);
  /// Reads all of a layer, the first time. Throws std::runtime_error naming file, tensor and place.
  const ReadLayer& read(const std::string& layer, int tensor_parallel, int threads);
  /// Computes it the first time. Throws as read() does.
  const Quality& quality(const std::string& layer, int tensor_parallel, DataType type,
                         ScaleScheme scales, int threads);
  /// Looks at all decoder layers, and keeps what is found for facts(). A weight that cannot be read
  /// has the reason. Maps files and keeps none of what it reads.
  void survey(const SurveyRequest& request, TellSurvey tell);
  /// What rows of kernels of `sparsity` say, but for their arithmetic. Throws as read() does.
  RealWeights facts(const std::string& layer, int tensor_parallel, DataType type,
                    ScaleScheme scales, Sparsity sparsity, int threads);
  /// "layer qkv TP 1: 7.1 MB of F32: FILE: TENSOR, ...", a line for each layer, each with its end.
  std::string text(int tensor_parallel);
  /// For what makes runs the same: names, shapes and places of what is read.
  std::string identity();

 private:
  using Key = std::pair<std::string, int>;
  struct Found {
    std::optional<LayerSource> source;
    std::string refusal;
  };
  const Found& found(const std::string& layer, int tensor_parallel);
  SurveyedLayer survey_one(const workload::Layer& layer, std::int64_t decoder_layer,
                           const SurveyRequest& request);
  [[nodiscard]] Activations activations_of(const LayerSource& source, const workload::Layer& layer);
  [[nodiscard]] const workload::Layer* layer_named(const std::string& name) const;

  workload::Model model_;
  WeightsOptions options_;
  TensorFiles files_;
  std::optional<TensorFiles> activation_files_;
  std::optional<ModuleNames> names_;
  std::map<Key, Found> found_;
  std::map<Key, std::unique_ptr<ReadLayer>> read_;
  std::map<std::tuple<Key, DataType, ScaleGranularity, ScaleGranularity>, Quality> qualities_;
  std::map<std::pair<Key, DataType>, LayerSurvey> surveys_;
};

}  // namespace twofour::weights
