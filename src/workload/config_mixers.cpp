#include "workload/config_layers.h"

namespace twofour::workload {
namespace {

/// A projection whose N is dealt out by `heads`.
void add_in(Decoder& decoder, std::int64_t layer, const char* name, const char* group,
            const HeadSplit& heads) {
  add_part(decoder, {.layer = layer,
                     .name = name,
                     .group = group,
                     .k = decoder.hidden,
                     .n = heads.width(),
                     .heads = heads});
}

void add_out(Decoder& decoder, std::int64_t layer, const char* name, const HeadSplit& heads) {
  add_part(decoder, {.layer = layer,
                     .name = name,
                     .group = name,
                     .k = heads.width(),
                     .n = decoder.hidden,
                     .split = 'k',
                     .heads = heads});
}

/// [z, x, B, C, dt] in one projection: a gate z, an input x and a step dt for each head, B and C
/// for each group of heads.
void add_mamba(const ConfigFields& config, std::int64_t layer, Decoder& decoder) {
  const std::int64_t heads = config.required("mamba_num_heads");
  const std::int64_t size = config.required("mamba_head_dim");
  const std::int64_t groups = config.required("n_groups");
  const std::int64_t state = config.required("ssm_state_size");
  HeadSplit in{heads, groups, 2 * size + 1, 2 * state};
  in.query_name = "Mamba heads";
  in.key_value_name = "groups of Mamba heads";
  add_in(decoder, layer, "mamba_in", "mamba_in", in);
  HeadSplit out = in;
  out.per_query = size;
  out.per_key_value = 0;
  add_out(decoder, layer, "mamba_out", out);
  const auto kernel = static_cast<double>(config.number("conv_kernel").value_or(0));
  decoder.leave_out("convolution", "no product of matrices",
                    kernel * static_cast<double>(heads * size + 2 * groups * state));
}

/// Queries, keys, values and gates z in one projection, the gates b and a in another. Heads are
/// dealt out by key heads, each with the value heads that belong to it.
void add_linear_attention(const ConfigFields& config, std::int64_t layer, Decoder& decoder) {
  const std::int64_t keys = config.required("linear_num_key_heads");
  const std::int64_t values = config.required("linear_num_value_heads");
  const std::int64_t key_size = config.required("linear_key_head_dim");
  const std::int64_t value_size = config.required("linear_value_head_dim");
  if (values % keys != 0) {
    config.reject("linear_num_value_heads", "a multiple of linear_num_key_heads");
  }
  const std::int64_t values_of_key = values / keys;
  const auto split = [&](std::int64_t per_key_head) {
    HeadSplit heads{keys, 0, per_key_head, 0};
    heads.query_name = "key heads of linear attention";
    return heads;
  };
  const auto in = [&](const char* name, const char* group, std::int64_t per_key_head) {
    add_in(decoder, layer, name, group, split(per_key_head));
  };
  in("linear_qkv", "linear_qkvz", 2 * key_size + values_of_key * value_size);
  in("linear_z", "linear_qkvz", values_of_key * value_size);
  in("linear_b", "linear_ba", values_of_key);
  in("linear_a", "linear_ba", values_of_key);
  add_out(decoder, layer, "linear_out", split(values_of_key * value_size));
  const auto kernel = static_cast<double>(config.number("linear_conv_kernel_dim").value_or(0));
  decoder.leave_out("convolution", "no product of matrices",
                    kernel * static_cast<double>(2 * keys * key_size + values * value_size));
}

}  // namespace

void add_recurrent_mixers(const ConfigFields& config, const std::vector<Mixer>& mixers,
                          Decoder& decoder) {
  for (std::int64_t i = 0; i < decoder.layers; ++i) {
    const Mixer mixer = mixers[static_cast<std::size_t>(i)];
    if (mixer == Mixer::kMamba) add_mamba(config, i, decoder);
    if (mixer == Mixer::kLinearAttention) add_linear_attention(config, i, decoder);
  }
}

}  // namespace twofour::workload
