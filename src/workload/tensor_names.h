// What a tensor of a model is, by its name in Hugging Face's transformers.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace twofour::workload {

enum class TensorRole : std::uint8_t {
  kPart,  ///< a weight of a decoder layer, or several that are one tensor: "q", "gate_up"
  kEmbeddings,
  kHead,
  kRouter,
  kPooler,  ///< of an encoder, behind its layers
  kIndexer,
  kConvolution,
  kVision,
  kAudio,
  kFurtherTokens,  ///< layers that predict more than the next token
  kSmall,          ///< biases, norms, scales of quantisation
  kNotUnderstood,
};

struct TensorPlace {
  TensorRole role = TensorRole::kNotUnderstood;
  std::int64_t layer = 0;              ///< of a part
  std::string part;                    ///< see Part::name and Part::group
  std::optional<std::int64_t> expert;  ///< where each expert has a tensor of its own
  bool blocks = false;                 ///< MXFP4: [E, N, K / 32, 16], two values in a byte
  bool compressed = false;             ///< two of four values, with a mask beside them
};

/// `layers`: those of the decoder; a later one predicts further tokens.
TensorPlace place_of(std::string_view name, std::int64_t layers);

}  // namespace twofour::workload
