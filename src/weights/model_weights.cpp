#include "weights/model_weights.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <stdexcept>
#include <string_view>
#include <system_error>
#include <vector>

#include "input/json.h"
#include "input/text_file.h"

namespace twofour::weights {
namespace {

using nlohmann::json;

/// What config.json says of how weights are stored. Others are packed in ways that are not read.
constexpr auto kMethodsRead =
    std::to_array<std::string_view>({"fp8", "fbgemm_fp8", "compressed-tensors"});
constexpr auto kFormatsRead = std::to_array<std::string_view>(
    {"dense", "float-quantized", "int-quantized", "naive-quantized", "sparse-24-bitmask"});

template <std::size_t kSize>
void require(const std::filesystem::path& file, const char* field, const json& value,
             const std::array<std::string_view, kSize>& allowed) {
  if (value.is_null()) return;
  const bool read = value.is_string() && std::find(allowed.begin(), allowed.end(),
                                                   value.get<std::string>()) != allowed.end();
  if (read) return;
  throw std::runtime_error(fmt::format("{}: {} is {}, whose weights are not read; allowed: {}",
                                       file.string(), field, input::shown(value),
                                       fmt::join(allowed, ", ")));
}

const json& member(const json& object, const char* name) {
  static const json kNone;
  if (!object.is_object()) return kNone;
  const auto found = object.find(name);
  return found == object.end() ? kNone : *found;
}

void check_sparsity(const std::filesystem::path& file, const json& config) {
  require(file, "sparsity_config.format", member(config, "format"), kFormatsRead);
}

void check_config(const std::filesystem::path& file) {
  std::error_code ignored;
  if (!std::filesystem::exists(file, ignored)) return;
  json config;
  try {
    config = input::parse_json(input::read_text_file(file));
  } catch (const std::invalid_argument& error) {
    throw std::runtime_error(fmt::format("{}: {}", file.string(), error.what()));
  }
  for (const char* name : {"quantization_config", "compression_config"}) {
    const json& quantised = member(config, name);
    require(file, fmt::format("{}.quant_method", name).c_str(), member(quantised, "quant_method"),
            kMethodsRead);
    require(file, fmt::format("{}.format", name).c_str(), member(quantised, "format"),
            kFormatsRead);
    check_sparsity(file, member(quantised, "sparsity_config"));
  }
  check_sparsity(file, member(config, "sparsity_config"));
}

std::int64_t decoder_layers(const workload::Model& model) {
  std::int64_t layers = 0;
  for (const workload::Layer& layer : model.layers) {
    for (const std::int64_t one : layer.decoder_layers) layers = std::max(layers, one + 1);
  }
  return layers;
}

}  // namespace

ModelWeights::ModelWeights(const workload::Model& model, WeightsOptions options)
    : model_(model), options_(std::move(options)) {
  check_config(options_.folder / "config.json");
  files_ = TensorFiles::of_folder(options_.folder);
  if (options_.activations) activation_files_ = TensorFiles::of_file(*options_.activations);
  names_.emplace(files_, decoder_layers(model_));
}

const workload::Layer* ModelWeights::layer_named(const std::string& name) const {
  const auto layer = std::find_if(model_.layers.begin(), model_.layers.end(),
                                  [&](const workload::Layer& one) { return one.name == name; });
  return layer == model_.layers.end() ? nullptr : &*layer;
}

const ModelWeights::Found& ModelWeights::found(const std::string& name, int tensor_parallel) {
  const auto [entry, is_new] = found_.try_emplace({name, tensor_parallel});
  Found& found = entry->second;
  if (!is_new) return found;
  const workload::Layer* layer = layer_named(name);
  try {
    if (layer == nullptr || layer->decoder_layers.empty()) {
      throw std::runtime_error(fmt::format("no file tells of {}", name));
    }
    const std::vector<std::int64_t>& having = layer->decoder_layers;
    const std::int64_t chosen = options_.decoder_layer.value_or(having.front());
    if (std::find(having.begin(), having.end(), chosen) == having.end()) {
      throw std::runtime_error(fmt::format(
          "decoder layer {} has no {}; the first that has it is {}", chosen, name, having.front()));
    }
    LayerSource source = LayerSource::find(files_, *names_, *layer, tensor_parallel, chosen);
    static_cast<void>(activations_of(source, *layer));
    found.source = std::move(source);
  } catch (const std::runtime_error& error) {
    found.refusal = error.what();
  }
  return found;
}

std::string ModelWeights::refusal(const std::string& layer, int tensor_parallel) {
  return found(layer, tensor_parallel).refusal;
}

const LayerSource* ModelWeights::source(const std::string& layer, int tensor_parallel) {
  const Found& one = found(layer, tensor_parallel);
  return one.source ? &*one.source : nullptr;
}

Activations ModelWeights::activations_of(const LayerSource& source, const workload::Layer& layer) {
  if (!activation_files_) return Activations::drawn(options_.seed);
  std::vector<std::string> names = source.modules;
  names.push_back(layer.name);
  return Activations::captured(*activation_files_, names, layer.k);
}

const ReadLayer& ModelWeights::read(const std::string& layer, int tensor_parallel, int threads) {
  std::unique_ptr<ReadLayer>& read = read_[{layer, tensor_parallel}];
  if (read) return *read;
  const Found& one = found(layer, tensor_parallel);
  if (!one.source) throw std::runtime_error(one.refusal);
  LayerWeights weights(files_, *one.source);
  Inspection inspection = inspect(weights, threads);
  read = std::make_unique<ReadLayer>(ReadLayer{std::move(weights), std::move(inspection),
                                               activations_of(*one.source, *layer_named(layer))});
  return *read;
}

const Quality& ModelWeights::quality(const std::string& layer, int tensor_parallel, DataType type,
                                     ScaleScheme scales, int threads) {
  const auto key = std::tuple(Key{layer, tensor_parallel}, type, scales.a, scales.b);
  if (const auto known = qualities_.find(key); known != qualities_.end()) return known->second;
  const ReadLayer& one = read(layer, tensor_parallel, threads);
  return qualities_
      .emplace(key, quality_of(one.weights, one.inspection, one.activations, type, scales, threads))
      .first->second;
}

RealWeights ModelWeights::facts(const std::string& layer, int tensor_parallel, DataType type,
                                ScaleScheme scales, Sparsity sparsity, int threads) {
  const ReadLayer& one = read(layer, tensor_parallel, threads);
  const Quality& numbers = quality(layer, tensor_parallel, type, scales, threads);
  RealWeights facts;
  facts.tensors = one.weights.source().tensors();
  facts.stored = one.weights.source().form();
  facts.activations = one.activations.text();
  facts.rows = numbers.rows;
  facts.columns_share = numbers.columns_share;
  if (one.inspection.two_four) facts.stored += ", 2:4";
  if (sparsity == Sparsity::kDense) {
    facts.quantisation_error = numbers.dense_quantisation;
    return facts;
  }
  const bool stored = one.inspection.two_four;
  facts.mask = stored ? WeightMask::kStored : WeightMask::kMagnitude;
  facts.retained_energy = stored ? 1 : one.inspection.retained_energy;
  facts.pruning_error = numbers.pruning_error;
  facts.quantisation_error = numbers.sparse_quantisation;
  if (const auto surveyed = surveys_.find({{layer, tensor_parallel}, type});
      surveyed != surveys_.end()) {
    facts.decoder_layers = surveyed->second.decoder_layers;
    facts.survey = surveyed->second.seen;
  }
  return facts;
}

std::string ModelWeights::text(int tensor_parallel) {
  constexpr double kMega = 1e6;
  std::string text;
  for (const workload::Layer& layer : model_.layers) {
    const LayerSource* one = source(layer.name, tensor_parallel);
    text += fmt::format("  weights of {}, TP {}: ", layer.name, tensor_parallel);
    text += one == nullptr ? fmt::format("none: {}\n", refusal(layer.name, tensor_parallel))
                           : fmt::format("{:.2f} MB of {}: {}\n", one->bytes() / kMega, one->form(),
                                         fmt::join(one->tensors(), "; "));
  }
  return text;
}

std::string ModelWeights::identity() {
  std::string text = activation_files_ ? options_.activations->string() : std::string();
  for (const workload::Layer& layer : model_.layers) {
    const LayerSource* one = source(layer.name, 1);
    if (one == nullptr) continue;
    for (const LayerSource::Piece& piece : one->pieces) {
      const StoredTensor& stored = *piece.header.values;
      text += fmt::format(" {} {} {} {}", stored.text(), stored.tensor.type, stored.tensor.begin,
                          stored.file_bytes);
    }
  }
  return text;
}

}  // namespace twofour::weights
