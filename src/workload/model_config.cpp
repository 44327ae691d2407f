// config.json -> a decoder's weights.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <stdexcept>
#include <utility>

#include "input/text_file.h"
#include "workload/config_layers.h"
#include "workload/decoder.h"
#include "workload/model_plan.h"

namespace twofour::workload {
namespace {

using nlohmann::json;

/// More than any model has; keeps what is made of a hostile file small.
constexpr std::int64_t kMostLayers = 2000;

/// Fields that say nothing of the shapes of linear layers.
constexpr auto kNotOfShapes = std::to_array<std::string_view>({"attention_chunk_size",
                                                               "auto_map",
                                                               "bos_token_id",
                                                               "chunk_size",
                                                               "eos_token_id",
                                                               "ep_size",
                                                               "id2label",
                                                               "index_topk",
                                                               "indexer_rope_interleave",
                                                               "initial_context_length",
                                                               "label2id",
                                                               "max_position_embeddings",
                                                               "max_window_layers",
                                                               "mrope_section",
                                                               "n_group",
                                                               "norm_topk_prob",
                                                               "num_logits_to_keep",
                                                               "num_nextn_predict_layers",
                                                               "pad_token_id",
                                                               "pretraining_tp",
                                                               "quantization_config",
                                                               "rescale_prenorm_residual",
                                                               "rope_interleave",
                                                               "rope_parameters",
                                                               "rope_scaling",
                                                               "rope_theta",
                                                               "rotary_dim",
                                                               "routed_scaling_factor",
                                                               "seq_aux",
                                                               "sliding_window",
                                                               "sliding_window_pattern",
                                                               "sliding_window_size",
                                                               "swa_rope_theta",
                                                               "time_step_limit",
                                                               "time_step_rank",
                                                               "topk_group",
                                                               "use_cache",
                                                               "use_mamba_kernels",
                                                               "use_qk_norm",
                                                               "use_routing_bias",
                                                               "use_conv_bias",
                                                               "use_bias",
                                                               "architectures",
                                                               "attention_bias",
                                                               "mlp_bias",
                                                               "add_swa_attention_sink_bias",
                                                               "add_full_attention_sink_bias",
                                                               "vocab_size_per_layer_input",
                                                               "vision_config",
                                                               "audio_config",
                                                               "mamba_proj_bias",
                                                               "expand",
                                                               "use_sliding_window",
                                                               "residual_in_fp32",
                                                               "scale_embedding",
                                                               "qk_head_dim",
                                                               "output_router_logits",
                                                               "torch_dtype",
                                                               "use_bidirectional_attention",
                                                               "num_mtp_modules",
                                                               "mtp_transformer_layers",
                                                               "use_mtp",
                                                               "mtp_num_hidden_layers",
                                                               "mtp_use_dedicated_embeddings",
                                                               "no_rope_layers",
                                                               "no_rope_layer_interval",
                                                               "attn_temperature_tuning",
                                                               "floor_scale",
                                                               "attn_scale",
                                                               "for_llm_compressor",
                                                               "partial_rotary_factor",
                                                               "mlp_bias",
                                                               "query_pre_attn_scalar",
                                                               "type_vocab_size"});

/// Where the fields of the decoder stand: of a model that also sees or hears, in an object.
ConfigFields decoder_fields(const ConfigFields& root) {
  if (root.has("num_hidden_layers") && root.has("hidden_size")) return root;
  for (const char* name : {"text_config", "llm_config", "language_config"}) {
    if (auto inner = root.inner(name)) return *inner;
  }
  return root;
}

/// Runs one reader of fields. A field that is not what is allowed costs what follows from it.
template <class Read>
void understand(Decoder& decoder, const char* what, const Read& read) {
  Decoder attempt = decoder;
  try {
    read(attempt);
    decoder = std::move(attempt);
  } catch (const FieldError& error) {
    decoder.skip(what, error.what());
  }
}

void add_embeddings(const ConfigFields& root, const ConfigFields& config, Decoder& decoder) {
  const auto vocabulary =
      config.has("vocab_size") ? config.number("vocab_size") : root.number("vocab_size");
  if (!vocabulary) {
    decoder.skip("lm_head", "vocab_size is missing: the embeddings are in no share");
    return;
  }
  const double weights = static_cast<double>(*vocabulary) * static_cast<double>(decoder.hidden);
  const bool said = config.has("tie_word_embeddings") || root.has("tie_word_embeddings");
  const bool tied = config.flag("tie_word_embeddings", root.flag("tie_word_embeddings", false));
  decoder.leave_out("embeddings", "rows of it are looked up", weights);
  if (tied) {
    decoder.notes.emplace_back("lm_head has the weights of the embeddings (tie_word_embeddings)");
  } else {
    decoder.leave_out("lm_head", "engines keep it dense", weights);
    if (!said) {
      decoder.notes.emplace_back(kHeadTaken);
    }
  }
  if (config.number("hidden_size_per_layer_input", 0).value_or(0) > 0) {
    decoder.unmeasured.push_back({.name = "per_layer_input",
                                  .why = "hidden_size_per_layer_input is not understood",
                                  .parameters = std::nullopt});
  }
}

void add_other_parts(const ConfigFields& root, const ConfigFields& config, Decoder& decoder) {
  const auto add = [&](const char* name, const char* why) {
    decoder.unmeasured.push_back(
        {.name = name, .why = why, .parameters = std::nullopt, .in_text_part = false});
  };
  if (root.has("vision_config")) add("vision", "no part of the text model");
  if (root.has("audio_config")) add("audio", "no part of the text model");
  const auto heads =
      config.first_of({"num_nextn_predict_layers", "mtp_num_hidden_layers", "num_mtp_modules"}, 0);
  if (heads.value_or(0) > 0) add("mtp", "predicts further tokens, and may stay off");
}

void name_what_was_not_read(const ConfigFields& config, Decoder& decoder) {
  std::vector<std::string> names;
  for (std::string& name : config.never_read()) {
    const json& value = config.value(name);
    const bool may_shape =
        value.is_number_integer() || value == true || (value.is_structured() && !value.empty());
    const bool known =
        std::find(kNotOfShapes.begin(), kNotOfShapes.end(), name) != kNotOfShapes.end() ||
        name.ends_with("_token_id") || name.ends_with("_token_index");
    if (may_shape && value != 0 && !known && name.size() <= 64) names.push_back(std::move(name));
  }
  constexpr std::size_t kMost = 12;
  if (names.empty()) return;
  const std::string more =
      names.size() > kMost ? fmt::format(" and {} more", names.size() - kMost) : std::string();
  names.resize(std::min(names.size(), kMost));
  decoder.notes.push_back(
      fmt::format("fields that were not read, and that shapes may depend on: {}{}",
                  fmt::join(names, ", "), more));
}

}  // namespace

void add_part(Decoder& decoder, Part part) {
  if (part.k < 1 || part.n < 1 || part.k > kMaxDimension || part.n > kMaxDimension) {
    decoder.skip(part.name,
                 fmt::format("K x N = {} x {} is beyond {}", part.k, part.n, kMaxDimension));
    return;
  }
  decoder.parts.push_back(std::move(part));
}

Decoder decoder_of_config(std::string_view text, std::string_view file) {
  json document;
  try {
    document = parse_config(text);
  } catch (const std::invalid_argument& error) {
    throw std::runtime_error(fmt::format("{}: {}", file, error.what()));
  }
  if (!document.is_object()) {
    throw std::runtime_error(fmt::format("{}: the file is not an object of fields", file));
  }
  const ConfigFields root(document, "", file);
  const ConfigFields config = decoder_fields(root);
  Decoder decoder;
  decoder.layers = config.required("num_hidden_layers");
  if (decoder.layers > kMostLayers) {
    config.reject("num_hidden_layers", fmt::format("a whole number from 1 to {}", kMostLayers));
  }
  decoder.hidden = config.required("hidden_size");
  std::vector<Mixer> mixers(static_cast<std::size_t>(decoder.layers), Mixer::kNotUnderstood);
  understand(decoder, "attention", [&](Decoder& d) { mixers = mixers_of(config, d); });
  understand(decoder, "attention", [&](Decoder& d) { add_attention(config, mixers, d); });
  understand(decoder, "mixers", [&](Decoder& d) { add_recurrent_mixers(config, mixers, d); });
  understand(decoder, "feed-forward", [&](Decoder& d) { add_feed_forward(config, d); });
  understand(decoder, "embeddings", [&](Decoder& d) { add_embeddings(root, config, d); });
  understand(decoder, "mtp", [&](Decoder& d) { add_other_parts(root, config, d); });
  name_what_was_not_read(config, decoder);
  std::stable_sort(decoder.parts.begin(), decoder.parts.end(),
                   [](const Part& a, const Part& b) { return a.layer < b.layer; });
  return decoder;
}

ModelPlan plan_of_decoder(Decoder decoder, const std::string& name, std::string source,
                          const PlanOptions& options) {
  std::vector<Layer> layers = layers_of(decoder.parts, options.unfused);
  // Each part is within bounds, which their sum need not be.
  std::erase_if(layers, [&](const Layer& layer) {
    const bool beyond = layer.n > kMaxDimension;
    if (beyond) {
      decoder.skip(layer.name, fmt::format("N = {} is beyond {}", layer.n, kMaxDimension));
    }
    return beyond;
  });
  return {.model = {.name = name,
                    .source = std::move(source),
                    .heads = std::nullopt,
                    .layers = std::move(layers)},
          .unmeasured = std::move(decoder.unmeasured),
          .skipped = std::move(decoder.skipped),
          .notes = std::move(decoder.notes)};
}

ModelPlan plan_of_config(std::string_view text, std::string_view file, const std::string& name,
                         const PlanOptions& options) {
  return plan_of_decoder(decoder_of_config(text, file), name, std::string(file), options);
}

std::string model_name_of(const std::filesystem::path& file) {
  std::error_code ignored;
  const std::filesystem::path whole = std::filesystem::absolute(file, ignored).lexically_normal();
  std::string name = whole.stem().string();
  if (whole.filename() == "config.json") {
    std::filesystem::path folder = whole.parent_path();
    name = folder.filename().string();
    // The cache of the model hub: models--OWNER--NAME/snapshots/COMMIT.
    if (folder.parent_path().filename() == "snapshots") {
      name = folder.parent_path().parent_path().filename().string();
    }
  }
  constexpr std::string_view kCached = "models--";
  if (name.starts_with(kCached)) name.erase(0, kCached.size());
  if (const auto at = name.find("--"); at != std::string::npos) name.replace(at, 2, "/");
  for (char& c : name) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte <= ' ' || byte == 127 || c == ',') c = '_';
  }
  return name.empty() ? "model" : name;
}

ModelPlan load_model_config(const std::filesystem::path& file, const PlanOptions& options) {
  return plan_of_config(input::read_text_file(file), file.string(), model_name_of(file), options);
}

double ModelPlan::measured_parameters() const {
  double sum = 0;
  for (const Layer& layer : model.layers) {
    sum += static_cast<double>(layer.k) * static_cast<double>(layer.n) *
           static_cast<double>(layer.count.value_or(1)) *
           static_cast<double>(layer.experts ? layer.experts->total : 1);
  }
  return sum;
}

double ModelPlan::text_parameters() const {
  double sum = measured_parameters();
  for (const UnmeasuredWeights& one : unmeasured) {
    if (one.in_text_part) sum += one.parameters.value_or(0);
  }
  return sum;
}

}  // namespace twofour::workload
