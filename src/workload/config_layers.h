// What config.json says of each decoder layer. Each function reads one family of fields and adds
// the weights that follow from them; what a field says that is not understood is skipped by name.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "workload/config_fields.h"
#include "workload/parts.h"

namespace twofour::workload {

/// What mixes the tokens of a decoder layer.
enum class Mixer : std::uint8_t {
  kNone,
  kAttention,         ///< over all tokens
  kSlidingAttention,  ///< over a window or a chunk of them
  kLinearAttention,   ///< gated delta rule, as in Qwen3-Next
  kMamba,             ///< state-space model of the second version
  kNotUnderstood,     ///< skipped by name already
};

/// By layer_types, hybrid_override_pattern, hybrid_layer_pattern, full_attention_interval or
/// block_configs; without any of them all layers have attention.
std::vector<Mixer> mixers_of(const ConfigFields& config, Decoder& decoder);

/// Query, key, value and output projections, with multi-head latent attention where kv_lora_rank is
/// given. https://arxiv.org/abs/2405.04434 tells what that is.
void add_attention(const ConfigFields& config, const std::vector<Mixer>& mixers, Decoder& decoder);

/// Input and output projections of linear attention and of Mamba-2 mixers
/// (https://arxiv.org/abs/2405.21060).
void add_recurrent_mixers(const ConfigFields& config, const std::vector<Mixer>& mixers,
                          Decoder& decoder);

/// Feed-forward networks: dense ones, experts, and experts that all tokens share.
void add_feed_forward(const ConfigFields& config, Decoder& decoder);

/// Whether the feed-forward networks of a model_type have a gate projection beside the up
/// projection, which no field says; nothing: not known.
std::optional<bool> has_gate(std::string_view model_type);

/// Adds `part`, or says why its shape cannot be.
void add_part(Decoder& decoder, Part part);

}  // namespace twofour::workload
