#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "input/json.h"
#include "workload/config_layers.h"

namespace twofour::workload {
namespace {

using nlohmann::json;

constexpr const char* kFeedForward = "feed-forward";

// What no field of config.json says.
constexpr auto kGated = std::to_array<std::string_view>({"cohere",
                                                         "cohere2",
                                                         "deepseek_v2",
                                                         "deepseek_v3",
                                                         "dots1",
                                                         "exaone4",
                                                         "gemma",
                                                         "gemma2",
                                                         "gemma3_text",
                                                         "gemma4_text",
                                                         "glm",
                                                         "glm4",
                                                         "glm4_moe",
                                                         "glm_moe_dsa",
                                                         "gpt_oss",
                                                         "granite",
                                                         "granitemoe",
                                                         "internlm2",
                                                         "internlm3",
                                                         "kimi_k2",
                                                         "llama",
                                                         "llama4_text",
                                                         "mimo",
                                                         "mimo_v2_flash",
                                                         "minimax_m2",
                                                         "ministral",
                                                         "mistral",
                                                         "mixtral",
                                                         "nemotron-nas",
                                                         "olmo",
                                                         "olmo2",
                                                         "olmo3",
                                                         "olmoe",
                                                         "phi3",
                                                         "phimoe",
                                                         "qwen2",
                                                         "qwen2_moe",
                                                         "qwen2_vl_text",
                                                         "qwen2_5_vl_text",
                                                         "qwen3",
                                                         "qwen3_5_moe_text",
                                                         "qwen3_5_text",
                                                         "qwen3_moe",
                                                         "qwen3_next",
                                                         "qwen3_vl_moe_text",
                                                         "qwen3_vl_text",
                                                         "seed_oss"});
constexpr auto kNotGated =
    std::to_array<std::string_view>({"arcee", "bert", "gpt_neox", "nemotron", "nemotron_h",
                                     "persimmon", "phi", "roberta", "starcoder2", "xlm-roberta"});
/// Models whose intermediate_size is the width of an expert.
constexpr auto kExpertWidthIsIntermediate = std::to_array<std::string_view>(
    {"gpt_oss", "granitemoe", "llama4_text", "minimax_m2", "mixtral", "olmoe", "phimoe"});
/// Models whose MoE layers have one expert of the same width that all tokens share, by no field.
constexpr auto kOneSharedExpert = std::to_array<std::string_view>({"llama4_text"});

/// Fields of models whose experts are arranged in ways that are not known here.
constexpr std::array kUnknownArrangements{"expert_layer_period",   "ffn_config",
                                          "moe_layer_start_index", "moe_layer_interval",
                                          "moe_every_n_layers",    "moe_layers_enum"};

template <std::size_t kSize>
bool is_in(const std::array<std::string_view, kSize>& names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

/// gate, up and down of one kind of network; `prefix` is "", "expert_" or "shared_".
void add_network(Decoder& decoder, std::int64_t layer, const std::string& prefix,
                 std::int64_t width, bool gated, const std::optional<Experts>& experts) {
  const auto in = [&](const char* name) {
    add_part(decoder, {.layer = layer,
                       .name = prefix + name,
                       .group = prefix + (gated ? "gate_up" : "up"),
                       .k = decoder.hidden,
                       .n = width,
                       .experts = experts});
  };
  if (gated) in("gate");
  in("up");
  add_part(decoder, {.layer = layer,
                     .name = prefix + "down",
                     .group = prefix + "down",
                     .k = width,
                     .n = decoder.hidden,
                     .split = 'k',
                     .experts = experts});
}

/// The number of experts, how wide they are, and which layers have them.
class Mixture {
 public:
  Mixture(const ConfigFields& config, const Decoder& decoder, std::string_view model_type)
      : config_(config) {
    const auto total = config.first_of(
        {"num_experts", "num_local_experts", "n_routed_experts", "moe_num_experts"}, 0);
    const auto per_token =
        config.first_of({"num_experts_per_tok", "top_k_experts", "experts_per_token",
                         "num_experts_per_token", "moe_top_k", "moe_topk", "moe_k"},
                        0);
    const bool enabled = config.flag("enable_moe_block", true);
    if (total.value_or(0) == 0 || !enabled) return;
    if (per_token.value_or(0) == 0) config.reject("num_experts_per_tok", "a whole number from 1");
    if (*per_token > *total) {
      config.reject("num_experts_per_tok", fmt::format("at most {}, the experts", *total));
    }
    experts_ = Experts{*total, *per_token};
    beside_dense_ = config.has("enable_moe_block");
    width_ = config.number("moe_intermediate_size").value_or(0);
    if (width_ == 0 && is_in(kExpertWidthIsIntermediate, model_type)) {
      width_ = config.required("intermediate_size");
    }
    if (width_ == 0) config.reject("moe_intermediate_size", "a whole number, the experts' width");
    read_shared(model_type);
    read_layers(decoder.layers);
  }

  [[nodiscard]] bool in_layer(std::int64_t layer) const {
    return experts_ && in_layer_[static_cast<std::size_t>(layer)];
  }
  [[nodiscard]] bool beside_dense() const { return beside_dense_; }

  void add(Decoder& decoder, std::int64_t layer, bool gated) const {
    add_network(decoder, layer, "expert_", width_, gated, experts_);
    if (shared_width_ > 0) add_network(decoder, layer, "shared_", shared_width_, gated, {});
    decoder.leave_out("router", "engines keep it dense",
                      static_cast<double>(decoder.hidden) * static_cast<double>(experts_->total));
  }

 private:
  void read_shared(std::string_view model_type) {
    const auto own_width =
        config_.first_of({"shared_expert_intermediate_size", "shared_intermediate_size",
                          "moe_shared_expert_intermediate_size"},
                         0);
    const auto count = config_.first_of({"n_shared_experts", "num_shared_experts"}, 0);
    if (own_width) {
      shared_width_ = *own_width * std::max<std::int64_t>(count.value_or(1), 1);
    } else {
      shared_width_ = count.value_or(is_in(kOneSharedExpert, model_type) ? 1 : 0) * width_;
    }
  }

  void keep_if(std::int64_t layers, const auto& holds) {
    for (std::int64_t i = 0; i < layers; ++i) {
      const auto place = static_cast<std::size_t>(i);
      in_layer_[place] = in_layer_[place] && holds(i);
    }
  }

  void read_layers(std::int64_t layers) {
    in_layer_.assign(static_cast<std::size_t>(layers), true);
    const std::int64_t first = config_.number("first_k_dense_replace", 0).value_or(0);
    keep_if(layers, [&](std::int64_t i) { return i >= first; });
    if (config_.value("moe_layer_freq").is_array()) {
      const json* list = config_.list("moe_layer_freq", layers);
      keep_if(layers, [&](std::int64_t i) { return (*list)[static_cast<std::size_t>(i)] == 1; });
    } else if (const auto every = config_.number("moe_layer_freq")) {
      keep_if(layers, [&](std::int64_t i) { return i % *every == 0; });
    }
    for (const char* name : {"decoder_sparse_step", "interleave_moe_layer_step"}) {
      if (const auto every = config_.number(name)) {
        keep_if(layers, [&](std::int64_t i) { return (i + 1) % *every == 0; });
      }
    }
    read_named_layers(layers);
  }

  void read_named_layers(std::int64_t layers) {
    const auto names = [&](const char* field, std::int64_t i) {
      const json& list = config_.value(field);
      if (!list.is_array()) config_.reject(field, "a list of layers");
      return std::find(list.begin(), list.end(), i) != list.end();
    };
    if (config_.has("mlp_only_layers")) {
      keep_if(layers, [&](std::int64_t i) { return !names("mlp_only_layers", i); });
    }
    if (config_.has("moe_layers")) {
      keep_if(layers, [&](std::int64_t i) { return names("moe_layers", i); });
    }
    if (const json* types = config_.list("mlp_layer_types", layers)) {
      for (const json& type : *types) {
        if (type != "sparse" && type != "dense") {
          config_.reject("mlp_layer_types", "a list of \"sparse\" and \"dense\"");
        }
      }
      keep_if(layers,
              [&](std::int64_t i) { return (*types)[static_cast<std::size_t>(i)] == "sparse"; });
    }
  }

  const ConfigFields& config_;
  std::optional<Experts> experts_;
  bool beside_dense_ = false;
  std::int64_t width_ = 0;
  std::int64_t shared_width_ = 0;
  std::vector<bool> in_layer_;
};

/// The width of a block's network; 0: it has none. 2/3 of ffn_mult times the hidden size, rounded
/// up to a multiple of 256, as DeciLM's configuration rounds it; nothing where it is not
/// understood.
std::optional<std::int64_t> width_of_block(const json& block, const Decoder& decoder) {
  constexpr std::int64_t kMultiple = 256;
  const json network = block.is_object() ? block.value("ffn", json()) : json();
  if (!network.is_object()) return std::nullopt;
  if (network.value("no_op", json(false)) == true) return 0;
  if (network.value("replace_with_linear", json(false)) == true) return std::nullopt;
  if (const json width = network.value("intermediate_size", json()); width.is_number_unsigned()) {
    return static_cast<std::int64_t>(
        std::min<std::uint64_t>(width.get<std::uint64_t>(), kMaxDimension + 1));
  }
  const json multiple = network.value("ffn_mult", json());
  if (!multiple.is_number()) return std::nullopt;
  const double wide = 2 * multiple.get<double>() * static_cast<double>(decoder.hidden) / 3;
  if (!(wide >= 1) || wide > static_cast<double>(kMaxDimension)) return std::nullopt;
  return (static_cast<std::int64_t>(wide) + kMultiple - 1) / kMultiple * kMultiple;
}

void add_blocks(const json& blocks, bool gated, Decoder& decoder) {
  for (std::int64_t i = 0; i < decoder.layers; ++i) {
    const auto width = width_of_block(blocks[static_cast<std::size_t>(i)], decoder);
    if (!width) {
      decoder.skip(kFeedForward, "block_configs has an entry whose ffn is not understood");
    } else if (*width > 0) {
      add_network(decoder, i, "", *width, gated, {});
    }
  }
}

std::optional<std::int64_t> dense_width(const ConfigFields& config) {
  const auto width = config.number("intermediate_size");
  const auto beside_experts = config.number("intermediate_size_mlp");
  return beside_experts ? beside_experts : width;
}

}  // namespace

std::optional<bool> has_gate(std::string_view model_type) {
  if (is_in(kGated, model_type)) return true;
  return is_in(kNotGated, model_type) ? std::optional(false) : std::nullopt;
}

void add_feed_forward(const ConfigFields& config, Decoder& decoder) {
  const std::string model_type = config.text("model_type");
  const auto gated = has_gate(model_type);
  if (!gated) {
    decoder.skip(kFeedForward,
                 fmt::format("model_type is {}, and no field says whether its feed-forward "
                             "networks have a gate",
                             input::shown(model_type)));
    return;
  }
  for (const char* name : kUnknownArrangements) {
    if (config.has(name))
      return decoder.skip(kFeedForward, fmt::format("{} is not understood", name));
  }
  if (config.flag("use_double_wide_mlp", false)) {
    return decoder.skip(kFeedForward, "use_double_wide_mlp is not understood");
  }
  if (const json* blocks = config.list("block_configs", decoder.layers)) {
    return add_blocks(*blocks, *gated, decoder);
  }
  const Mixture mixture(config, decoder, model_type);
  const auto width = dense_width(config);
  const std::string letters = config.text("hybrid_override_pattern");
  if (!letters.empty() && static_cast<std::int64_t>(letters.size()) != decoder.layers) {
    return decoder.skip(kFeedForward, "hybrid_override_pattern is not of as many layers");
  }
  for (std::int64_t i = 0; i < decoder.layers; ++i) {
    const char letter = letters.empty() ? ' ' : letters[static_cast<std::size_t>(i)];
    const bool experts = letter == ' ' ? mixture.in_layer(i) : letter == 'E';
    const bool dense = letter == ' ' ? !experts || mixture.beside_dense() : letter == '-';
    if (experts && !mixture.in_layer(i)) config.reject("n_routed_experts", "the number of experts");
    if (dense && !width) config.reject("intermediate_size", "the width of feed-forward networks");
    if (dense) add_network(decoder, i, "", *width, *gated, {});
    if (experts) mixture.add(decoder, i, *gated);
  }
}

}  // namespace twofour::workload
