// A problem as a GPU library takes it: K and N padded to the multiples that it demands, and 6:8
// expanded to 2:4 (operands/six_eight.h). Arithmetic of the host; fitted_operation.h does it.
//
//   weights       padded when they are packed: zero columns behind K, columns of zeros behind N
//   activations   copied in each launch, [M][K] into [M][padded K], where K changes
//   D             computed as [M][padded N] and copied in each launch, where N changes
//
// A library that computes whole tiles of rows pads M by itself (Operation::executed()).
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "core/problem.h"
#include "providers/provider.h"

namespace twofour::providers {

/// What a library wants sides to be multiples of, in elements.
struct SideUnits {
  std::int64_t k = 1;  ///< columns of A and rows of B
  std::int64_t n = 1;  ///< columns of B and D
};

struct Fit {
  GemmProblem asked;
  GemmProblem given;  ///< to the library; never 6:8

  /// Whether weights and activations are those of 6:8.
  [[nodiscard]] bool expands() const { return asked.sparsity != given.sparsity; }
  [[nodiscard]] bool copies_activations() const { return asked.shape.k != given.shape.k; }
  [[nodiscard]] bool copies_output() const { return asked.shape.n != given.shape.n; }
  /// Whether the library is given another problem than was asked for.
  [[nodiscard]] bool changes() const { return !(asked == given); }
};

/// No where the groups of the problem's pattern do not divide K.
Support whole_groups(const GemmProblem& problem);

/// `problem`, of whole_groups(), with sides of `units`.
Fit fit_to(const GemmProblem& problem, SideUnits units);

/// No where a problem of several GEMMs does not have sides of `units`: what `fit` copies is that of
/// one.
Support fits_as_batch(const Fit& fit, SideUnits units);

/// Bytes of the copies that an operation of `fit` keeps; 0 where it keeps none.
struct FitBytes {
  std::size_t activations = 0;  ///< [output_rows(M)][padded K]
  std::size_t output = 0;       ///< [output_rows(M)][padded N]
  std::size_t vectors = 0;      ///< scales and bias of [padded N]
  std::size_t weights = 0;      ///< [padded N][padded K], while they are packed
};
FitBytes fit_bytes(const Fit& fit);

/// `library`, the footprint of fit.given, with what the copies take and a key of its own where they
/// change the packed weights.
Footprint footprint_of(const Fit& fit, Footprint library);

/// Operation::copies(): "activations", "output", "activations and output" or "".
std::string copies_of(const Fit& fit);

}  // namespace twofour::providers
