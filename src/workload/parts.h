// A model's decoder layers as single weights, before they are fused and counted.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "workload/model_plan.h"
#include "workload/workload.h"

namespace twofour::workload {

/// One weight [K, N] of one decoder layer; of an expert, one of each.
struct Part {
  std::int64_t layer = 0;  ///< of the decoder, from 0
  std::string name;        ///< "q", "gate", "expert_up"
  std::string group;       ///< parts of one group and layer are one GEMM: "qkv", "expert_gate_up"
  std::int64_t k = 0;
  std::int64_t n = 0;
  char split = 'n';  ///< see Layer
  std::optional<Experts> experts = std::nullopt;
  std::optional<HeadSplit> heads = std::nullopt;
  bool prefill_only = false;
};

/// What is known of a model before it is a plan.
struct Decoder {
  std::int64_t layers = 0;
  std::int64_t hidden = 0;
  std::vector<Part> parts;
  std::vector<UnmeasuredWeights> unmeasured;
  std::vector<SkippedLayers> skipped;
  std::vector<std::string> notes;

  /// Says each thing once.
  void skip(const std::string& name, const std::string& reason);
  /// Adds to the weights of that name.
  void leave_out(const std::string& name, const std::string& why, double parameters);
};

/// A note of Decoder, where config.json does not tell.
inline constexpr std::string_view kHeadTaken =
    "tie_word_embeddings is missing: lm_head is taken to have weights of its own";

/// Equal layers are counted; those of one name and several shapes have their shape in their name.
/// Within a group N is added up, unless `unfused`.
std::vector<Layer> layers_of(const std::vector<Part>& parts, bool unfused);

}  // namespace twofour::workload
