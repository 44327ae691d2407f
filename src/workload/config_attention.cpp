#include <fmt/format.h>

#include <array>

#include "input/json.h"
#include "workload/config_layers.h"

namespace twofour::workload {
namespace {

using nlohmann::json;

constexpr std::string_view kAttention = "attention";

/// Fields of models whose mixers are arranged in ways that are not known here.
constexpr std::array kUnknownArrangements{"attn_layer_period",
                                          "attn_layer_indices",
                                          "attn_type_list",
                                          "attn_config",
                                          "cross_attention_layers",
                                          "linear_attn_config",
                                          "layers_block_type",
                                          "mamba_d_state",
                                          "mamba_n_heads",
                                          "multi_query",
                                          "new_decoder_architecture",
                                          "ssm_cfg",
                                          "state_size"};

/// Whether a field is there and says more than false or an empty list.
bool says_something(const ConfigFields& config, const char* name) {
  const json& value = config.value(name);
  return !value.is_null() && value != false && !(value.is_array() && value.empty());
}

Mixer not_understood(Decoder& decoder, const std::string& why) {
  decoder.skip(std::string(kAttention), why);
  return Mixer::kNotUnderstood;
}

std::string field_text(const char* field, const json& value) {
  return fmt::format("{} has {}, which is not understood", field, input::shown(value));
}

Mixer mixer_of_type(const json& type, Decoder& decoder) {
  if (type == "full_attention" || type == "attention") return Mixer::kAttention;
  if (type == "sliding_attention" || type == "chunked_attention") return Mixer::kSlidingAttention;
  if (type == "linear_attention") return Mixer::kLinearAttention;
  return not_understood(decoder, field_text("layer_types", type));
}

/// Of Nemotron-H: a letter for each layer, which is a mixer or a feed-forward network.
Mixer mixer_of_letter(char letter, Decoder& decoder) {
  if (letter == '*') return Mixer::kAttention;
  if (letter == 'M') return Mixer::kMamba;
  if (letter == '-' || letter == 'E') return Mixer::kNone;
  return not_understood(decoder,
                        field_text("hybrid_override_pattern", json(std::string(1, letter))));
}

/// Of MiMo: 1 where attention is over a window.
Mixer mixer_of_number(const json& number, Decoder& decoder) {
  if (number == 0) return Mixer::kAttention;
  if (number == 1) return Mixer::kSlidingAttention;
  return not_understood(decoder, field_text("hybrid_layer_pattern", number));
}

/// Of models whose layers a search has chosen one by one.
Mixer mixer_of_block(const json& block, Decoder& decoder) {
  const json attention = block.is_object() ? block.value("attention", json()) : json();
  if (!attention.is_object()) {
    return not_understood(decoder, "block_configs has an entry without attention");
  }
  if (attention.value("no_op", json(false)) == true) return Mixer::kNone;
  if (attention.value("replace_with_linear", json(false)) == true) {
    return not_understood(decoder, "block_configs has attention with replace_with_linear");
  }
  return Mixer::kAttention;
}

/// The shape of one kind of attention.
struct Attention {
  AttentionHeads heads;
  bool gated = false;     ///< each query head has a gate of its size
  bool has_value = true;  ///< else values are the keys
};

/// Widths of layers over all tokens and over a window differ in some models: MiMo names the latter
/// swa_..., Gemma the former ..._global_...
Attention attention_of(const ConfigFields& config, const Decoder& decoder, bool sliding) {
  const auto of_kind = [&](const char* name) {
    const auto own = sliding ? config.number(std::string("swa_") + name) : std::nullopt;
    return own ? own : config.number(name);
  };
  Attention attention;
  AttentionHeads& heads = attention.heads;
  heads.query = of_kind("num_attention_heads").value_or(0);
  if (heads.query == 0) heads.query = config.required("num_attention_heads");
  heads.key_value = of_kind("num_key_value_heads").value_or(heads.query);
  if (const auto size = of_kind("head_dim")) {
    heads.size = *size;
  } else if (const auto other_name = config.number("attention_head_dim")) {
    heads.size = *other_name;
  } else if (decoder.hidden % heads.query == 0) {
    heads.size = decoder.hidden / heads.query;
  } else {
    config.reject("head_dim",
                  "a whole number, where num_attention_heads does not divide "
                  "hidden_size");
  }
  heads.value_size = of_kind("v_head_dim").value_or(heads.size);
  const auto global_size = config.number("global_head_dim");
  const auto global_heads = config.number("num_global_key_value_heads");
  const bool keys_are_values = config.flag("attention_k_eq_v", false);
  if (!sliding) {
    if (global_size) heads.size = heads.value_size = *global_size;
    heads.key_value = global_heads.value_or(heads.key_value);
    attention.has_value = !keys_are_values;
  }
  attention.gated = config.flag("attn_output_gate", false);
  return attention;
}

/// block_configs tells how many query heads a key-value head has.
void heads_of_block(const ConfigFields& config, const json& block, AttentionHeads& heads) {
  const json group = block["attention"].value("n_heads_in_group", json());
  if (group.is_null()) return;
  if (!group.is_number_unsigned() || group.get<std::uint64_t>() == 0 ||
      static_cast<std::uint64_t>(heads.query) % group.get<std::uint64_t>() != 0) {
    config.reject(
        "block_configs",
        fmt::format("entries whose n_heads_in_group divides {}, the attention heads", heads.query));
  }
  heads.key_value = heads.query / group.get<std::int64_t>();
}

void add_projections(Decoder& decoder, std::int64_t layer, const Attention& attention) {
  const AttentionHeads& h = attention.heads;
  const auto in = [&](const char* name, std::int64_t per_query, std::int64_t per_key_value) {
    const HeadSplit split{h.query, h.key_value, per_query, per_key_value};
    add_part(decoder, {.layer = layer,
                       .name = name,
                       .group = std::string(kQkvLayer),
                       .k = decoder.hidden,
                       .n = split.width(),
                       .heads = split});
  };
  in("q", attention.gated ? 2 * h.size : h.size, 0);
  in("k", 0, h.size);
  if (attention.has_value) in("v", 0, h.value_size);
  add_part(decoder, {.layer = layer,
                     .name = std::string(kOutputLayer),
                     .group = std::string(kOutputLayer),
                     .k = h.o().width(),
                     .n = decoder.hidden,
                     .split = 'k',
                     .heads = h.o()});
}

/// Multi-head latent attention: queries, and keys with values, by way of a narrow vector of each
/// token. Engines fuse the two that make these vectors, and each device has them whole; in decoding
/// they absorb kv_b into products of the attention itself.
void add_latent(const ConfigFields& config, std::int64_t layer, Decoder& decoder) {
  const std::int64_t heads = config.required("num_attention_heads");
  const std::int64_t nope = config.required("qk_nope_head_dim");
  const std::int64_t rope = config.required("qk_rope_head_dim");
  const std::int64_t value = config.required("v_head_dim");
  const std::int64_t kv_rank = config.required("kv_lora_rank");
  const auto q_rank = config.number("q_lora_rank");
  // They follow from these, so that they count as understood.
  for (const char* name : {"num_key_value_heads", "head_dim"}) {
    static_cast<void>(config.has(name));
  }
  const auto by_heads = [&](std::int64_t per_head) { return HeadSplit{heads, 0, per_head, 0}; };
  const auto part = [&](const char* name, std::int64_t k, const HeadSplit& n) {
    add_part(decoder,
             {.layer = layer, .name = name, .group = name, .k = k, .n = n.width(), .heads = n});
  };
  if (q_rank) {
    add_part(decoder, {.layer = layer,
                       .name = "q_a",
                       .group = "q_a_kv_a",
                       .k = decoder.hidden,
                       .n = *q_rank,
                       .split = '-'});
    part("q_b", *q_rank, by_heads(nope + rope));
  } else {
    part("q", decoder.hidden, by_heads(nope + rope));
  }
  add_part(decoder, {.layer = layer,
                     .name = "kv_a",
                     .group = q_rank ? "q_a_kv_a" : "kv_a",
                     .k = decoder.hidden,
                     .n = kv_rank + rope,
                     .split = '-'});
  const HeadSplit kv_b = by_heads(nope + value);
  add_part(decoder, {.layer = layer,
                     .name = "kv_b",
                     .group = "kv_b",
                     .k = kv_rank,
                     .n = kv_b.width(),
                     .heads = kv_b,
                     .prefill_only = true});
  add_part(decoder, {.layer = layer,
                     .name = "o",
                     .group = "o",
                     .k = by_heads(value).width(),
                     .n = decoder.hidden,
                     .split = 'k',
                     .heads = by_heads(value)});
  const auto index_heads = config.number("index_n_heads");
  const auto index_size = config.number("index_head_dim");
  if (!index_heads || !index_size) return;
  const auto hidden = static_cast<double>(decoder.hidden);
  const auto size = static_cast<double>(*index_size);
  const auto count = static_cast<double>(*index_heads);
  decoder.leave_out("indexer", "it chooses the tokens that attention reads",
                    static_cast<double>(q_rank.value_or(decoder.hidden)) * count * size +
                        hidden * size + hidden * count);
}

}  // namespace

std::vector<Mixer> mixers_of(const ConfigFields& config, Decoder& decoder) {
  std::vector<Mixer> mixers(static_cast<std::size_t>(decoder.layers), Mixer::kAttention);
  const auto each = [&](auto mixer) {
    for (std::size_t i = 0; i < mixers.size(); ++i) mixers[i] = mixer(i);
    return mixers;
  };
  const auto interval = config.number("full_attention_interval");
  if (const std::string letters = config.text("hybrid_override_pattern"); !letters.empty()) {
    if (letters.size() != mixers.size()) {
      config.reject("hybrid_override_pattern",
                    fmt::format("{} letters, one for each layer", mixers.size()));
    }
    return each([&](std::size_t i) { return mixer_of_letter(letters[i], decoder); });
  }
  if (const json* types = config.list("layer_types", decoder.layers)) {
    return each([&](std::size_t i) { return mixer_of_type((*types)[i], decoder); });
  }
  if (const json* numbers = config.list("hybrid_layer_pattern", decoder.layers)) {
    return each([&](std::size_t i) { return mixer_of_number((*numbers)[i], decoder); });
  }
  if (const json* blocks = config.list("block_configs", decoder.layers)) {
    return each([&](std::size_t i) { return mixer_of_block((*blocks)[i], decoder); });
  }
  for (const char* name : kUnknownArrangements) {
    if (!says_something(config, name)) continue;
    decoder.skip(std::string(kAttention), fmt::format("{} is not understood", name));
    return each([](std::size_t /*i*/) { return Mixer::kNotUnderstood; });
  }
  if (interval && config.has("linear_num_value_heads")) {
    return each([&](std::size_t i) {
      return (static_cast<std::int64_t>(i) + 1) % *interval == 0 ? Mixer::kAttention
                                                                 : Mixer::kLinearAttention;
    });
  }
  return mixers;
}

void add_attention(const ConfigFields& config, const std::vector<Mixer>& mixers, Decoder& decoder) {
  const json* blocks = config.list("block_configs", decoder.layers);
  const bool latent = config.has("kv_lora_rank");
  const std::int64_t shared = config.number("num_kv_shared_layers", 0).value_or(0);
  for (std::int64_t i = 0; i < decoder.layers; ++i) {
    const Mixer mixer = mixers[static_cast<std::size_t>(i)];
    const bool sliding = mixer == Mixer::kSlidingAttention;
    if (mixer != Mixer::kAttention && !sliding) continue;
    if (i >= decoder.layers - shared) {
      decoder.skip(std::string(kAttention),
                   fmt::format("num_kv_shared_layers is {}: layers that share keys and values are "
                               "not understood",
                               shared));
      continue;
    }
    if (latent) {
      add_latent(config, i, decoder);
      continue;
    }
    Attention attention = attention_of(config, decoder, sliding);
    if (blocks != nullptr) {
      heads_of_block(config, (*blocks)[static_cast<std::size_t>(i)], attention.heads);
    }
    if (attention.heads.query % attention.heads.key_value != 0) {
      config.reject("num_key_value_heads",
                    fmt::format("a divisor of {}, the attention heads", attention.heads.query));
    }
    add_projections(decoder, i, attention);
  }
}

}  // namespace twofour::workload
