// How far a layer's outputs go from those of its stored weights, by pruning and by quantising.
#pragma once

#include <cstdint>

#include "core/data_type.h"
#include "core/problem.h"
#include "weights/quantised.h"

namespace twofour::weights {

/// Frobenius norms over that of X W, in float64.
struct Quality {
  std::int64_t rows = 0;
  double columns_share = 0;
  double pruning_error = 0;        ///< of X Wp - X W
  double sparse_quantisation = 0;  ///< of Xq Wpq - X Wp
  double dense_quantisation = 0;   ///< of Xq Wq - X W
  double sparse_norm = 1;          ///< of Xq Wpq: what a 2:4 kernel is to compute
  double dense_norm = 1;           ///< of Xq Wq
};

/// Rows of X that are multiplied, where there are as many.
inline constexpr std::int64_t kQualityRows = 64;
/// Multiply-adds that it may cost; columns are left out, evenly, to stay below.
inline constexpr std::int64_t kQualityBudget = std::int64_t{1} << 30;

/// The same numbers for any number of threads. Of an output that is zero, errors are zero.
Quality quality_of(const LayerWeights& weights, const Inspection& inspection,
                   const Activations& activations, DataType type, ScaleScheme scales, int threads,
                   std::int64_t multiply_add_budget = kQualityBudget);

}  // namespace twofour::weights
