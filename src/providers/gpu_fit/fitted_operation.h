// An operation that gives its library another problem than it was given (fit.h).
#pragma once

#include <memory>

#include "core/function_ref.h"
#include "providers/gpu_fit/fit.h"
#include "providers/provider.h"

namespace twofour::providers {

/// Packs the weights of `task`, which are those of fit.asked, with `pack`, which packs those of
/// fit.given. Waits for the GPU where they differ, because a copy of the weights is made.
void pack_fitted(const Fit& fit, const PackTask& task, FunctionRef<void(const PackTask&)> pack);

/// `library`, an operation on fit.given, as one on fit.asked: `library` itself where they are the
/// same. Its activations have room for output_rows(M) rows, those behind row M zero, where they are
/// copied.
std::unique_ptr<Operation> fitted(const Fit& fit, std::unique_ptr<Operation> library);

}  // namespace twofour::providers
