// From the files that are published with a model (config.json, safetensors headers) to its linear
// layers: which there are, how often, and what share of the weights they are.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "workload/workload.h"

namespace twofour::workload {

/// Weights of a model that no case measures.
struct UnmeasuredWeights {
  std::string name;  ///< "lm_head", "router", "vision", ...
  std::string why;
  std::optional<double> parameters;  ///< nothing: the files that were read do not tell
  bool in_text_part = true;          ///< counts in the total
};

/// A layer that is left out because a field is not understood, and which one.
struct SkippedLayers {
  std::string name;
  std::string reason;
};

struct ModelPlan {
  Model model;  ///< its layers are what is measured; may be none
  std::vector<UnmeasuredWeights> unmeasured;
  std::vector<SkippedLayers> skipped;
  std::vector<std::string> notes;  ///< what else a reader must know, in words

  /// Weights of `model.layers`, with all experts.
  [[nodiscard]] double measured_parameters() const;
  /// These and the unmeasured ones of the text part that are known. Norms, biases and scales are
  /// not counted.
  [[nodiscard]] double text_parameters() const;
};

struct PlanOptions {
  bool unfused = false;  ///< q, k, v, gate and up as GEMMs of their own, not as engines fuse them
};

/// What config.json says. `file` names it in messages, `name` is the model's. Throws
/// std::runtime_error naming the file, the field, its value and what is allowed, where the sizes of
/// the whole model are missing or not numbers.
ModelPlan plan_of_config(std::string_view text, std::string_view file, const std::string& name,
                         const PlanOptions& options);

/// The same of a file, which is named after its model: DIR/config.json after DIR (in the cache of
/// the model hub after its models--OWNER--NAME), another file after itself.
ModelPlan load_model_config(const std::filesystem::path& file, const PlanOptions& options);

/// config.json of a folder, and its safetensors headers, which check and replace what config.json
/// says: of model.safetensors.index.json, or of model.safetensors. Symbolic links are followed.
ModelPlan load_model_folder(const std::filesystem::path& folder, const PlanOptions& options);

/// "DeepSeek-V3: 8 shapes ...": what is measured, how often, what is not and why, with shares of
/// the weights. Lines, each with its end.
std::string plan_text(const ModelPlan& plan);

}  // namespace twofour::workload
