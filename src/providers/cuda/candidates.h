// Which ways to cut a problem are worth measuring. Pure functions.
#pragma once

#include <optional>
#include <vector>

#include "core/problem.h"
#include "providers/cuda/decode.h"

namespace twofour::providers::cuda {

/// The configuration that keeps as much in flight as `shared_bytes` of a CTA allow; nothing where
/// two chunks do not fit.
std::optional<DecodeConfig> fitted(const GemmProblem& problem, int tiles, int ranks,
                                   int shared_bytes, Overlap overlap);

/// The most units of weights that one of `multiprocessors` reads, one after another; the time of
/// a launch grows with it.
std::int64_t units_per_multiprocessor(const GemmProblem& problem, int tiles, int ranks,
                                      int multiprocessors);

/// Configurations in the order in which they should be tried: at most `most` ways to cut, each with
/// and without room for the next launch. Never empty.
std::vector<DecodeConfig> candidates(const GemmProblem& problem, int multiprocessors, int most);

}  // namespace twofour::providers::cuda
