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

/// One linear layer of a model: weights [K, N], and the dimension that tensor parallelism splits.
struct Layer {
  std::string name;  ///< "qkv", "o", "gate_up", "down"
  std::int64_t k = 0;
  std::int64_t n = 0;
  char split = 'n';  ///< 'k' or 'n'
};

/// The heads of a model's attention, under the names of the configuration that is published with
/// it (config.json of Hugging Face's transformers).
struct AttentionHeads {
  std::int64_t query = 0;      ///< num_attention_heads
  std::int64_t key_value = 0;  ///< num_key_value_heads; fewer than `query`: grouped-query attention
  std::int64_t size = 0;       ///< head_dim, of queries and keys
  std::int64_t value_size = 0;  ///< v_head_dim, of values

  /// N of the fused query, key and value projection.
  [[nodiscard]] std::int64_t qkv_n() const {
    return query * size + key_value * (size + value_size);
  }
  /// K of the attention output projection.
  [[nodiscard]] std::int64_t o_k() const { return query * value_size; }
};

/// Names of the layers that are split by whole heads, where the heads are known.
inline constexpr std::string_view kQkvLayer = "qkv";
inline constexpr std::string_view kOutputLayer = "o";

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
/// For each model, TP size, batch size and layer, in this order of loops: one case.
std::vector<Case> model_cases(const std::vector<Model>& models,
                              const std::vector<std::int64_t>& batch_sizes,
                              const std::vector<int>& tp_sizes);

}  // namespace twofour::workload
