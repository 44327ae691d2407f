// Which ways to cut a problem are worth measuring. Pure functions.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/problem.h"
#include "providers/cuda/sm90/decode.h"

namespace twofour::providers::cuda::sm90 {

/// How rows and K are spread over CTAs (DecodeConfig).
struct Cut {
  int tiles = 1;
  int ranks = 1;
  bool operator==(const Cut&) const = default;
};

/// The most units of weights that one of `multiprocessors` reads, one after another; the time of
/// a launch grows with it.
std::int64_t units_per_multiprocessor(const GemmProblem& problem, Cut cut, int multiprocessors);

/// Every cut of `problem`, the one with the fewest units per SM first; of equals, smaller clusters
/// first. Never empty.
std::vector<Cut> cuts(const GemmProblem& problem, int multiprocessors);

/// Why `config` cannot run, or nothing.
std::optional<std::string> refusal(const GemmProblem& problem, const DecodeConfig& config);

/// The deepest configuration that `shared_bytes` of a CTA allow; nothing where no depth fits or
/// there are fewer chunks than groups.
std::optional<DecodeConfig> fitted(const GemmProblem& problem, Cut cut, int groups,
                                   int shared_bytes, Overlap overlap);

/// Configurations in the order in which they should be tried: `most` cuts, each with room for one,
/// two and three CTAs on an SM and the overlaps that may win; from 16 tokens on then the same
/// without groups. Never empty.
std::vector<DecodeConfig> candidates(const GemmProblem& problem, int multiprocessors, int most);

}  // namespace twofour::providers::cuda::sm90
