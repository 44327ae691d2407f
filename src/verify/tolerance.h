// How far a right result may be from the exact one. docs/verification.md derives each bound.
#pragma once

#include <cstdint>

#include "core/data_type.h"
#include "core/problem.h"

namespace twofour::verify {

/// Bound on |computed - exact| / (sum of magnitudes) for a sum of `k` products of `type`, in any
/// order; 0 for int8, whose sums are exact. It is exceeded with a probability below 1e-7 if
/// rounding errors are independent.
double relative_accumulation_error(DataType type, Accumulation accumulation, std::int64_t k);

/// The parts of K whose sums a kernel of Accumulation::kOutputParts is taken to add up.
inline constexpr int kMostOutputParts = 16;

/// Bound on what rounding the sums of at most kMostOutputParts parts of K to `d`, and the running
/// sums of these, adds to the error of a sum of `k` products that is `sum` and whose magnitudes add
/// up to `magnitude`. It holds for products of either sign, with a probability of error as above.
double output_parts_error(DataType d, double sum, double magnitude, std::int64_t k);

/// Bound on what one further rounding of the product to `d`, before a bias is added to it, adds to
/// the error `sum_error` of a sum that is `sum`.
double bias_after_rounding_error(DataType d, double sum, double sum_error);

/// One element of D before it is rounded to the output type.
struct ExactElement {
  double value = 0;      ///< scale_a * scale_b * sum + bias
  double deviation = 0;  ///< a computed value may be this far from it; 0: it is exact in float32
};

/// `sum` is A x B at the element, `sum_error` the bound on a kernel's error in it.
ExactElement exact_element(double sum, double sum_error, float scale_a, float scale_b, float bias);

/// `value` rounded to bf16 or fp16 as a kernel does it: to float32 and then to `type`, each to
/// nearest, ties to even.
double round_to(DataType type, double value);

}  // namespace twofour::verify
