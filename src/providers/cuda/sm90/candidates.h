// Which partitions of a problem are worth timing, the most promising first. Pure functions.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/problem.h"
#include "providers/cuda/sm90/decode.h"

namespace twofour::providers::cuda::sm90 {

/// The part of a DecodeConfig that says how rows of W and K are split between CTAs.
struct Cut {
  int tiles = 1;
  int ranks = 1;
  bool operator==(const Cut&) const = default;
};

/// What a launch with `config` should take beside others like it, in cycles of an SM. The figures
/// in it are measured (docs/log/cuda-decode.md); it ranks configurations, and a search times the
/// first.
double decode_cycles(const GemmProblem& problem, const DecodeConfig& config, int multiprocessors);

/// Every cut of `problem`, the one whose best configuration has the fewest decode_cycles() first.
/// Never empty.
std::vector<Cut> cuts(const GemmProblem& problem, int multiprocessors);

/// Why `config` cannot run; nothing if it can.
std::optional<std::string> refusal(const GemmProblem& problem, const DecodeConfig& config);

/// The configuration with the rings that wait least of those that fit `shared_bytes` of a CTA;
/// nothing if none fits or there are fewer chunks than groups.
std::optional<DecodeConfig> fitted(const GemmProblem& problem, Cut cut, int groups,
                                   int shared_bytes, Overlap overlap);

/// Configurations in the order in which they should be timed: `most` cuts, each with the shared
/// memory of one, two and three CTAs on an SM and with the overlaps that may be fastest; for padded
/// M of 16 and more then the same with one group. Never empty.
std::vector<DecodeConfig> candidates(const GemmProblem& problem, int multiprocessors, int most);

}  // namespace twofour::providers::cuda::sm90
