#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>
#include <sstream>
#include <stdexcept>

#include "input/json.h"
#include "input/text_file.h"
#include "workload/builtin_models.h"
#include "workload/workload.h"

namespace twofour::workload {
namespace {

using nlohmann::json;

/// A value of the file and the way to it, for messages: "models[2].layers[0].k".
struct Place {
  const json& value;
  std::string path;
  std::string_view file;

  [[noreturn]] void reject(std::string_view allowed) const {
    throw std::runtime_error(
        fmt::format("{}: {} is {}; allowed: {}", file, path, input::shown(value), allowed));
  }
  [[nodiscard]] Place at(const char* key, std::string_view allowed) const {
    if (!value.is_object()) reject("an object");
    const std::string inner = path.empty() ? key : path + "." + key;
    if (!value.contains(key)) {
      throw std::runtime_error(fmt::format("{}: {} is missing; allowed: {}", file, inner, allowed));
    }
    return {value[key], inner, file};
  }
  [[nodiscard]] Place at(std::size_t i) const {
    return {value[i], fmt::format("{}[{}]", path, i), file};
  }
};

std::string read_name(const Place& owner) {
  constexpr std::string_view kAllowed = "a text of at least one character, without spaces";
  const Place place = owner.at("name", kAllowed);
  if (!place.value.is_string()) place.reject(kAllowed);
  auto name = place.value.get<std::string>();
  if (name.empty() || name.find_first_of(" \t\n,") != std::string::npos) place.reject(kAllowed);
  return name;
}

std::int64_t read_dimension(const Place& owner, const char* key) {
  const std::string allowed = fmt::format("a whole number from 1 to {}", kMaxDimension);
  const Place place = owner.at(key, allowed);
  if (!place.value.is_number_integer()) place.reject(allowed);
  const auto dimension = place.value.get<std::int64_t>();
  if (dimension < 1 || dimension > kMaxDimension) place.reject(allowed);
  return dimension;
}

bool read_flag(const Place& owner, const char* key, bool standard) {
  if (!owner.value.contains(key)) return standard;
  const Place place = owner.at(key, "true or false");
  if (!place.value.is_boolean()) place.reject("true or false");
  return place.value.get<bool>();
}

/// Of a `config`; nothing where it has no head counts: files may carry other facts there.
std::optional<AttentionHeads> read_heads(const Place& model) {
  constexpr const char* kConfig = "config";
  if (!model.value.contains(kConfig)) return std::nullopt;
  const Place config = model.at(kConfig, "an object");
  if (!config.value.is_object()) config.reject("an object");
  const auto has = [&](const char* key) {
    return config.value.contains(key) && !config.value[key].is_null();
  };
  constexpr const char* kHeads = "num_attention_heads";
  constexpr const char* kKeyValueHeads = "num_key_value_heads";
  constexpr const char* kHeadSize = "head_dim";
  constexpr const char* kValueSize = "v_head_dim";
  constexpr const char* kHiddenSize = "hidden_size";
  if (!has(kHeads) && !has(kKeyValueHeads) && !has(kHeadSize)) return std::nullopt;
  AttentionHeads heads{.query = read_dimension(config, kHeads)};
  heads.key_value = has(kKeyValueHeads) ? read_dimension(config, kKeyValueHeads) : heads.query;
  if (heads.query % heads.key_value != 0) {
    config.at(kKeyValueHeads, "")
        .reject(fmt::format("a divisor of {}, the attention heads", heads.query));
  }
  // As transformers fills in what a config.json leaves out.
  const bool derived = !has(kHeadSize) && has(kHiddenSize);
  heads.size = derived ? read_dimension(config, kHiddenSize) / heads.query
                       : read_dimension(config, kHeadSize);
  heads.value_size = has(kValueSize) ? read_dimension(config, kValueSize) : heads.size;
  constexpr const char* kNope = "qk_nope_head_dim";
  constexpr const char* kRope = "qk_rope_head_dim";
  if (has(kNope) && has(kRope)) {
    const std::int64_t nope = read_dimension(config, kNope);
    heads.latent_query_size = nope + read_dimension(config, kRope);
    heads.latent_key_value_size = nope + heads.value_size;
  }
  return heads;
}

/// The projections that stand under these names are split by heads.
std::optional<HeadSplit> split_of(const Layer& layer, const AttentionHeads& heads) {
  if (layer.name == kQkvLayer) return heads.qkv();
  if (layer.name == kOutputLayer) return heads.o();
  if (heads.latent_query_size == 0) return std::nullopt;
  if (layer.name == kLatentQueryLayer) return heads.q_b();
  return layer.name == kLatentKeyValueLayer ? std::optional(heads.kv_b()) : std::nullopt;
}

/// The shapes of attention projections must be those of their heads, or a split would make others.
void check_heads(const Place& place, const Layer& layer, const AttentionHeads& heads) {
  const std::optional<HeadSplit> by_heads = split_of(layer, heads);
  if (!by_heads) return;
  const char expected = layer.name == kOutputLayer ? 'k' : 'n';
  const std::int64_t width = expected == 'k' ? layer.k : layer.n;
  if (width != by_heads->width()) {
    place.at(expected == 'k' ? "k" : "n", "")
        .reject(fmt::format("{}, which follows from the head counts in the model's config",
                            by_heads->width()));
  }
  if (layer.split != expected) {
    place.at("split", "")
        .reject(fmt::format("\"{}\": tensor parallelism splits {} by heads", expected, layer.name));
  }
}

std::optional<Experts> read_experts(const Place& layer) {
  constexpr const char* kTotal = "experts";
  constexpr const char* kPerToken = "experts_per_token";
  if (!layer.value.contains(kTotal) && !layer.value.contains(kPerToken)) return std::nullopt;
  const Experts experts{.total = read_dimension(layer, kTotal),
                        .per_token = read_dimension(layer, kPerToken)};
  if (experts.per_token > experts.total) {
    layer.at(kPerToken, "").reject(fmt::format("at most {}, the experts", experts.total));
  }
  return experts;
}

Layer read_layer(const Place& place) {
  Layer layer{
      .name = read_name(place), .k = read_dimension(place, "k"), .n = read_dimension(place, "n")};
  constexpr std::string_view kAllowed =
      R"("k" or "n", the dimension that tensor parallelism splits, or "none")";
  const Place split = place.at("split", kAllowed);
  if (split.value != "k" && split.value != "n" && split.value != "none") split.reject(kAllowed);
  layer.split = split.value == "none" ? '-' : split.value.get<std::string>().front();
  if (place.value.contains("count")) layer.count = read_dimension(place, "count");
  layer.experts = read_experts(place);
  layer.prefill_only = read_flag(place, "prefill_only", false);
  return layer;
}

Model read_model(const Place& place) {
  constexpr std::string_view kLayers = "a list of at least one layer {name, k, n, split}";
  Model model{.name = read_name(place)};
  const Place source = place.at("source", "a text: where the shapes come from");
  if (!source.value.is_string()) source.reject("a text: where the shapes come from");
  model.source = source.value.get<std::string>();
  model.heads = read_heads(place);
  const Place layers = place.at("layers", kLayers);
  if (!layers.value.is_array() || layers.value.empty()) layers.reject(kLayers);
  for (std::size_t i = 0; i < layers.value.size(); ++i) {
    model.layers.push_back(read_layer(layers.at(i)));
    if (!model.heads) continue;
    check_heads(layers.at(i), model.layers.back(), *model.heads);
    model.layers.back().heads = split_of(model.layers.back(), *model.heads);
  }
  model.by_default = read_flag(place, "in_default_run", true);
  return model;
}

}  // namespace

std::vector<Model> parse_models(std::string_view text, std::string_view file) {
  constexpr std::string_view kModels = "a list of at least one model {name, source, layers}";
  json document;
  try {
    document = input::parse_json(text);
  } catch (const std::invalid_argument& error) {
    throw std::runtime_error(fmt::format("{}: {}", file, error.what()));
  }
  const Place root{document, "", file};
  if (!document.is_object()) {
    throw std::runtime_error(fmt::format("{}: the file is not an object {{models}}", file));
  }
  const Place list = root.at("models", kModels);
  if (!list.value.is_array() || list.value.empty()) list.reject(kModels);
  std::vector<Model> models;
  for (std::size_t i = 0; i < list.value.size(); ++i) {
    Model model = read_model(list.at(i));
    if (std::any_of(models.begin(), models.end(),
                    [&](const Model& other) { return other.name == model.name; })) {
      list.at(i).at("name", "").reject("a name that no earlier model has");
    }
    models.push_back(std::move(model));
  }
  return models;
}

std::vector<Model> load_models(const std::filesystem::path& file) {
  return parse_models(input::read_text_file(file), file.string());
}

const std::vector<Model>& builtin_models() {
  static const std::vector<Model> models = parse_models(kBuiltinModels, "data/models.json");
  return models;
}

}  // namespace twofour::workload
