// Between the readers of a model's files and its plan.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "workload/parts.h"

namespace twofour::workload {

/// What the text of a config.json says; see plan_of_config().
Decoder decoder_of_config(std::string_view text, std::string_view file);

/// Fuses, counts and names.
ModelPlan plan_of_decoder(Decoder decoder, const std::string& name, std::string source,
                          const PlanOptions& options);

/// See load_model_config(). Without spaces and commas.
std::string model_name_of(const std::filesystem::path& file);

}  // namespace twofour::workload
