// A layer's weights as kernels take them: pruned or not, and as codes with scales.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "core/data_type.h"
#include "core/problem.h"
#include "weights/activations.h"
#include "weights/layer_weights.h"

namespace twofour::weights {

/// Sets all but the two largest magnitudes of each four to +0; ties go to the lower index. A last
/// group of fewer is taken to be filled up with zeros.
void prune_row(std::span<float> row);

/// What is found when all of a weight is read.
struct Inspection {
  double zeros_share = 0;
  /// Zeros are at least half, and no four along K have more than two others: it needs no pruning.
  bool two_four = false;
  /// Sum of the squares that prune_row() leaves, over all; 1 where all are zero.
  double retained_energy = 1;
  std::vector<float> largest = {};  ///< magnitude of each row
};

/// Throws std::runtime_error naming file, tensor and place of a value that is not a number.
Inspection inspect(const LayerWeights& weights, int threads);

/// A row of `largest` magnitude: the float32 that codes of `type` are multiplied by, 1 where the
/// type has no scales. Symmetric: the largest becomes 127 or 448.
float scale_for(DataType type, float largest);

/// The scales of a weight, [N] or one. Of rows that are stored as codes of `type`, the stored ones,
/// where each row has its own here.
std::vector<float> weight_scales(const LayerWeights& weights, const Inspection& inspection,
                                 DataType type, ScaleGranularity granularity);

/// The scales of `rows` rows of activations, [rows] or one.
std::vector<float> activation_scales(const Activations& activations, std::int64_t rows,
                                     std::int64_t k, DataType type, ScaleGranularity granularity);

/// codes[i] of `type` = row[i] / scale, rounded to nearest, ties to even, and saturated.
void encode_row(DataType type, std::span<const float> row, float scale, void* codes);
/// row[i] = scale * the value that its code has.
void round_trip(DataType type, std::span<float> row, float scale);

}  // namespace twofour::weights
