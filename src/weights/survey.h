// What pruning and quantising does to every decoder layer of a model, beside those whose speed is
// measured: the same numbers with fewer output channels, within a time.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "core/data_type.h"
#include "core/function_ref.h"
#include "core/problem.h"
#include "core/real_weights.h"
#include "weights/quality.h"

namespace twofour::weights {

struct SurveyRequest {
  int tensor_parallel = 1;
  DataType type = DataType::kInt8;
  ScaleScheme scales;
  int threads = 1;
  double seconds = 0;  ///< no weight is begun after so many
};

/// Multiply-adds that the errors of one weight may cost: an eighth of a measured layer's.
inline constexpr std::int64_t kSurveyBudget = kQualityBudget / 8;

struct SurveyProgress {
  int done = 0;  ///< weights that were looked at
  int of = 0;    ///< all: the layers of the plan times the decoder layers that have them
  double seconds = 0;
};

/// Told after each weight; false ends the survey.
using TellSurvey = FunctionRef<bool(const SurveyProgress&)>;

/// One layer of the plan over all decoder layers that have it.
struct LayerSurvey {
  std::int64_t decoder_layers = 0;
  std::vector<SurveyedLayer> seen;  ///< ascending
};

/// 0 to count - 1, each once, so that the first few of them are spread over all: by the bits of
/// their number in reverse (van der Corput 1935).
std::vector<std::size_t> spread_order(std::size_t count);

}  // namespace twofour::weights
