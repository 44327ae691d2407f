// What a row says of the stored weights of a model that it multiplied.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/named.h"

namespace twofour {

/// Which two of four weights stay.
enum class WeightMask : std::uint8_t {
  kNone,       ///< all: the row's kernel is a dense one
  kStored,     ///< those that the file has: it is 2:4 already
  kMagnitude,  ///< the two largest magnitudes of each group, ties to the lower index
};

inline constexpr NameTable<WeightMask, 3> kWeightMaskNames{{
    {WeightMask::kNone, "none"},
    {WeightMask::kStored, "stored"},
    {WeightMask::kMagnitude, "magnitude"},
}};

constexpr std::string_view to_string(WeightMask mask) { return name_in(kWeightMaskNames, mask); }

/// What pruning and quantising does to a layer of one decoder layer.
struct SurveyedLayer {
  std::int64_t decoder_layer = 0;
  std::optional<double> retained_energy;  ///< as in RealWeights, as the two that follow
  std::optional<double> pruning_error;
  std::optional<double> quantisation_error;
  std::string reason;  ///< why there are no numbers; empty: there are
  bool operator==(const SurveyedLayer&) const = default;
};

/// X are activations [rows, K], W the layer's weights as stored. An error is the Frobenius norm of
/// a difference of outputs over that of X W, in float64; docs/real-weights.md says of which.
struct RealWeights {
  std::vector<std::string> tensors;  ///< what was read of which file, in words; not empty
  std::string stored;                ///< type and form in the file, in words
  WeightMask mask = WeightMask::kNone;
  std::string activations;   ///< where X came from, in words
  std::int64_t rows = 0;     ///< of X, for the first three numbers below
  double columns_share = 0;  ///< of the N output channels, those that the errors were computed for
  std::optional<double> retained_energy;  ///< sum of kept squares over all; nothing: dense
  std::optional<double> pruning_error;    ///< nothing: dense
  std::optional<double> quantisation_error;
  /// Of this kernel, at the elements that were checked; nothing: not launched, or it adds a bias.
  std::optional<double> arithmetic_error;
  /// Decoder layers that have this layer, and those of them that were looked at before the time for
  /// that was over, ascending; of 2:4 rows of the run's type.
  std::optional<std::int64_t> decoder_layers;
  std::vector<SurveyedLayer> survey;
  bool operator==(const RealWeights&) const = default;
};

}  // namespace twofour
