// Modes and models -> an ordered list of cases. Pure functions over facts.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/problem.h"

namespace twofour::workload {

/// A dimension that is dealt out to devices by whole heads: query * per_query +
/// key_value * per_key_value. Key-value heads of which there are fewer than devices are replicated.
struct HeadSplit {
  std::int64_t query = 0;
  std::int64_t key_value = 0;  ///< 0: there are none
  std::int64_t per_query = 0;
  std::int64_t per_key_value = 0;
  std::string_view query_name = "attention heads";  ///< for messages
  std::string_view key_value_name = "key-value heads";

  [[nodiscard]] std::int64_t width() const { return query * per_query + key_value * per_key_value; }
};

/// The heads of a model's attention, under the names of the configuration that is published with
/// it (config.json of Hugging Face's transformers).
struct AttentionHeads {
  std::int64_t query = 0;      ///< num_attention_heads
  std::int64_t key_value = 0;  ///< num_key_value_heads; fewer than `query`: grouped-query attention
  std::int64_t size = 0;       ///< head_dim, of queries and keys
  std::int64_t value_size = 0;  ///< v_head_dim, of values
  /// Of multi-head latent attention: qk_nope_head_dim + qk_rope_head_dim, and qk_nope_head_dim +
  /// v_head_dim. 0: it is none.
  std::int64_t latent_query_size = 0;
  std::int64_t latent_key_value_size = 0;

  /// N of the fused query, key and value projection.
  [[nodiscard]] HeadSplit qkv() const {
    return {query, key_value, /*per_query=*/size, /*per_key_value=*/size + value_size};
  }
  /// N of the projections from the narrow vectors of latent attention.
  [[nodiscard]] HeadSplit q_b() const { return {query, 0, latent_query_size, 0}; }
  [[nodiscard]] HeadSplit kv_b() const { return {query, 0, latent_key_value_size, 0}; }
  /// K of the attention output projection.
  [[nodiscard]] HeadSplit o() const { return {query, key_value, value_size, 0}; }
};

/// The experts of a mixture-of-experts layer.
struct Experts {
  std::int64_t total = 0;
  std::int64_t per_token = 0;  ///< that each token is sent to: at most `total`

  /// E (1 - (1 - k / E)^B), the mean number of experts that `tokens` tokens reach where routing is
  /// uniform, to the nearest whole one.
  [[nodiscard]] std::int64_t active(std::int64_t tokens) const;
  /// Tokens that each of these sees, rounded up.
  [[nodiscard]] std::int64_t rows(std::int64_t tokens) const;
};

/// One of the weights that a layer's GEMM multiplies as one, side by side along N.
struct LayerPart {
  std::string name;   ///< "q", "gate", "expert_up"
  std::string group;  ///< the name of all parts together, as a file may have them: "qkv"
  std::int64_t n = 0;
  std::optional<HeadSplit> heads;  ///< that it is split by
};

/// One linear layer of a model: weights [K, N], and the dimension that tensor parallelism splits.
struct Layer {
  std::string name;  ///< "qkv", "o", "gate_up", "down", "expert_down", ...
  std::int64_t k = 0;
  std::int64_t n = 0;
  char split = 'n';                   ///< 'k', 'n' or '-': each device has the whole layer
  std::optional<std::int64_t> count;  ///< how many the model has; nothing: not known
  std::optional<Experts> experts;     ///< the GEMM is that of one of these
  std::optional<HeadSplit> heads;     ///< `split` goes by whole heads
  bool prefill_only = false;          ///< no GEMM of its own in a decoding step
  /// In the order of N; empty where no files tell them.
  std::vector<LayerPart> parts;
  std::vector<std::int64_t> decoder_layers;  ///< those that have it, ascending; empty: not known
};

/// Names of the layers that are split by whole heads, where the heads are known.
inline constexpr std::string_view kQkvLayer = "qkv";
inline constexpr std::string_view kOutputLayer = "o";
/// The same of latent attention.
inline constexpr std::string_view kLatentQueryLayer = "q_b";
inline constexpr std::string_view kLatentKeyValueLayer = "kv_b";

struct Model {
  std::string name;                     ///< as on the model hub: "meta-llama/Llama-3-8b"
  std::string source;                   ///< where the shapes come from
  std::optional<AttentionHeads> heads;  ///< nothing: not known
  std::vector<Layer> layers;
  /// Runs when --models names none. The models that vLLM's sparse_benchmarks.py ran by default.
  bool by_default = true;
};

/// Reads a file written like data/models.json (docs/models.md). Throws std::runtime_error naming
/// the file, the field, its value and what is allowed.
std::vector<Model> load_models(const std::filesystem::path& file);
/// The same from its text; `file` only names it in messages.
std::vector<Model> parse_models(std::string_view text, std::string_view file);
/// The models compiled into the binary from data/models.json.
const std::vector<Model>& builtin_models();

/// One shape of the sweep, before kernels and types.
struct Case {
  int index = 0;
  GemmShape shape;
  std::string model;
  std::string layer;
  int tensor_parallel = 1;
  std::optional<std::int64_t> tokens;     ///< see Record
  std::optional<std::int64_t> instances;  ///< see Record
  std::optional<std::int64_t> calls;      ///< see Record
  std::optional<std::int64_t> experts;    ///< see Record
  bool prefill_only = false;              ///< see Record
  /// Set when the case cannot be run at all: an uneven split.
  std::optional<std::string> skip_reason;
};

struct Sweep {
  std::int64_t start = 0;
  std::int64_t end = 0;
  std::int64_t increment = 0;
};

struct FixedDimensions {
  std::optional<std::int64_t> m;
  std::optional<std::int64_t> k;
  std::optional<std::int64_t> n;
};

/// Largest M, N or K. Products of two dimensions, their bytes and the copies made of them then stay
/// far inside 64 bits, so that a memory need can be compared instead of wrapping round.
inline constexpr std::int64_t kMaxDimension = std::int64_t{1} << 28;

/// M = K = N = d for d = start, start + increment, ... while d <= end.
std::vector<Case> square_cases(const Sweep& sweep);
/// d = start, start + increment, ... while d < end, in every dimension that is not fixed.
std::vector<Case> range_cases(const Sweep& sweep, const FixedDimensions& fixed);
/// The width of the part of one of `devices` devices: of `heads` dealt out whole, or of `width`.
/// Nothing where that does not divide evenly; `reason` then says why. `dimension`: "K" or "N".
std::optional<std::int64_t> width_on_device(const std::optional<HeadSplit>& heads,
                                            std::int64_t width, int devices,
                                            std::string_view dimension, std::string& reason);
/// For each model, TP size, batch size and layer, in this order of loops: one case. M is the batch
/// size; for one of several experts, the rows that it sees. Behind the case of one expert there is
/// one of all that the tokens reach, where these are more than one.
std::vector<Case> model_cases(const std::vector<Model>& models,
                              const std::vector<std::int64_t>& batch_sizes,
                              const std::vector<int>& tp_sizes);

}  // namespace twofour::workload
