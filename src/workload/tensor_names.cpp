#include "workload/tensor_names.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>
#include <vector>

namespace twofour::workload {
namespace {

using Words = std::vector<std::string_view>;
using Names = std::pair<std::string_view, std::string_view>;

constexpr auto kVision = std::to_array<std::string_view>(
    {"vision_tower", "vision_model", "vision_encoder", "visual", "multi_modal_projector",
     "mm_projector", "embed_vision", "image_newline"});
constexpr auto kAudio =
    std::to_array<std::string_view>({"audio_tower", "audio_encoder", "embed_audio"});
constexpr auto kEmbeddings =
    std::to_array<std::string_view>({"embed_tokens", "tok_embeddings", "wte", "embeddings"});

/// Of networks: the name of the module, and that of the part without "expert_" or "shared_".
constexpr std::array kNetworks{Names{"gate_proj", "gate"}, Names{"up_proj", "up"},
                               Names{"down_proj", "down"}, Names{"gate_up_proj", "gate_up"}};
/// The same of experts in the style of Mixtral.
constexpr std::array kNumbered{Names{"w1", "gate"}, Names{"w3", "up"}, Names{"w2", "down"}};
constexpr std::array kAttention{Names{"q_proj", "q"},      Names{"k_proj", "k"},
                                Names{"v_proj", "v"},      Names{"qkv_proj", "qkv"},
                                Names{"o_proj", "o"},      Names{"q_a_proj", "q_a"},
                                Names{"q_b_proj", "q_b"},  Names{"kv_a_proj_with_mqa", "kv_a"},
                                Names{"kv_b_proj", "kv_b"}};
constexpr std::array kLinear{Names{"in_proj_qkvz", "linear_qkvz"}, Names{"in_proj_ba", "linear_ba"},
                             Names{"in_proj_qkv", "linear_qkv"},   Names{"in_proj_z", "linear_z"},
                             Names{"in_proj_b", "linear_b"},       Names{"in_proj_a", "linear_a"},
                             Names{"out_proj", "linear_out"}};
constexpr std::array kMamba{Names{"in_proj", "mamba_in"}, Names{"out_proj", "mamba_out"}};

/// Encoders in the style of BERT, whose layers stand behind "encoder.layer": of the words behind
/// the number, without the leaf.
constexpr std::array kEncoder{
    Names{"attention.self.query", "q"}, Names{"attention.self.key", "k"},
    Names{"attention.self.value", "v"}, Names{"attention.output.dense", "o"},
    Names{"intermediate.dense", "up"},  Names{"output.dense", "down"}};

Words words_of(std::string_view name) {
  Words words;
  while (true) {
    const auto dot = name.find('.');
    words.push_back(name.substr(0, dot));
    if (dot == std::string_view::npos) return words;
    name.remove_prefix(dot + 1);
  }
}

std::optional<std::int64_t> number(std::string_view word) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), value);
  const bool whole = error == std::errc() && end == word.data() + word.size();
  return whole && value >= 0 ? std::optional(value) : std::nullopt;
}

bool has(const Words& words, std::string_view word) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

template <std::size_t kSize>
bool has_any(const Words& words, const std::array<std::string_view, kSize>& of) {
  return std::any_of(of.begin(), of.end(), [&](std::string_view word) { return has(words, word); });
}

template <std::size_t kSize>
std::string_view found_in(const std::array<Names, kSize>& names, std::string_view module) {
  const auto found = std::find_if(names.begin(), names.end(),
                                  [&](const Names& one) { return one.first == module; });
  return found == names.end() ? std::string_view() : found->second;
}

bool is_small(std::string_view leaf) {
  for (const std::string_view ending : {"bias", "_scale_inv", "_scale", "_scales", "_scale_2",
                                        "zero_point", "norm", "sinks", "bitmask", "shape"}) {
    if (leaf.ends_with(ending)) return true;
  }
  return false;
}

/// Where the number of a layer stands; the end: nowhere.
Words::const_iterator number_of_layer(const Words& words) {
  auto in = std::find(words.begin(), words.end(), "layers");
  if (in == words.end()) {
    const auto encoder = std::find(words.begin(), words.end(), "encoder");
    if (encoder == words.end() || encoder + 1 == words.end() || *(encoder + 1) != "layer") {
      return words.end();
    }
    in = encoder + 1;
  }
  return in + 1;
}

/// Of an encoder's layer, by the words behind its number.
TensorPlace place_in_encoder(const Words& words) {
  std::string module;
  for (const std::string_view word : words) {
    if (word == "weight" || word == "compressed") break;
    module += (module.empty() ? "" : ".") + std::string(word);
  }
  TensorPlace place;
  place.part = found_in(kEncoder, module);
  if (!place.part.empty()) place.role = TensorRole::kPart;
  return place;
}

/// Of a decoder layer, by the words behind its number.
TensorPlace place_in_layer(const Words& words, std::string_view module) {
  TensorPlace place;
  const auto be = [&](TensorRole role) {
    place.role = role;
    return place;
  };
  if (has(words, "indexer")) return be(TensorRole::kIndexer);
  if (module == "conv1d") return be(TensorRole::kConvolution);
  if (has(words, "router") || module == "gate" || module == "shared_expert_gate") {
    return be(TensorRole::kRouter);
  }
  const auto experts = std::find(words.begin(), words.end(), "experts");
  const bool shared = has(words, "shared_expert") || has(words, "shared_experts");
  const bool expert = !shared && experts != words.end();
  if (expert && experts + 1 != words.end()) place.expert = number(*(experts + 1));
  std::string_view part = found_in(kNetworks, module);
  if (part.empty() && expert) part = found_in(kNumbered, module);
  if (!part.empty()) {
    place.part = (shared ? "shared_" : expert ? "expert_" : "") + std::string(part);
    return be(TensorRole::kPart);
  }
  part = found_in(kAttention, module);
  if (part.empty() && has(words, "linear_attn")) part = found_in(kLinear, module);
  if (part.empty() && (has(words, "mixer") || has(words, "mamba"))) {
    part = found_in(kMamba, module);
  }
  if (part.empty() && has(words, "self_attn") && module == "out_proj") part = "o";
  place.part = part;
  return be(part.empty() ? TensorRole::kNotUnderstood : TensorRole::kPart);
}

}  // namespace

TensorPlace place_of(std::string_view name, std::int64_t layers) {
  constexpr std::string_view kBlocks = "_blocks";
  const Words words = words_of(name);
  const auto be = [](TensorRole role) { return TensorPlace{.role = role, .part = {}}; };
  if (has_any(words, kVision)) return be(TensorRole::kVision);
  if (has_any(words, kAudio)) return be(TensorRole::kAudio);
  if (has(words, "mtp")) return be(TensorRole::kFurtherTokens);
  const auto in = number_of_layer(words);
  const std::int64_t layer = in != words.end() ? number(*in).value_or(-1) : -1;
  if (layer >= layers) return be(TensorRole::kFurtherTokens);
  if (is_small(words.back())) return be(TensorRole::kSmall);
  if (has(words, "lm_head")) return be(TensorRole::kHead);
  if (layer < 0 && has(words, "pooler")) return be(TensorRole::kPooler);
  if (layer < 0) {
    return be(has_any(words, kEmbeddings) ? TensorRole::kEmbeddings : TensorRole::kNotUnderstood);
  }
  const Words rest(in + 1, words.end());
  if (rest.empty()) return be(TensorRole::kNotUnderstood);
  std::string_view module = rest.back();
  const bool compressed = module == "compressed";
  if ((module == "weight" || compressed) && rest.size() > 1) module = rest[rest.size() - 2];
  const bool blocks = module.ends_with(kBlocks);
  if (blocks) module.remove_suffix(kBlocks.size());
  const bool encoder = *(in - 1) == "layer";
  TensorPlace place = encoder ? place_in_encoder(rest) : place_in_layer(rest, module);
  place.layer = layer;
  place.blocks = blocks;
  place.compressed = compressed;
  return place;
}

}  // namespace twofour::workload
