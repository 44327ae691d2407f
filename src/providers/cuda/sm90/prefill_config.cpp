#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <iterator>

#include "providers/cuda/sm90/prefill.h"

namespace twofour::providers::cuda::sm90 {
namespace {

constexpr int kRanks[] = {2, 1};
constexpr int kStepsOfChunk = 2;

}  // namespace

std::string to_string(const PrefillConfig& config) {
  return fmt::format("n{}_c{}_g{}", config.tokens, config.ranks, config.group);
}

bool has_prefill(const GemmProblem& problem) {
  return problem.sparsity == Sparsity::kTwoFour && problem.a == problem.b &&
         (problem.a == DataType::kInt8 || problem.a == DataType::kFp8E4m3);
}

int prefill_clusters_n(std::int64_t n, const PrefillConfig& config) {
  return static_cast<int>(ceil_div(n, config.ranks * kPrefillRows));
}

int prefill_tiles_m(std::int64_t m, const PrefillConfig& config) {
  return static_cast<int>(ceil_div(m, config.tokens));
}

std::optional<std::string> refusal(const GemmProblem& problem, const PrefillConfig& config) {
  if (!has_prefill(problem)) return "prefill kernels are for 2:4 int8 and fp8";
  const auto* known =
      std::find(std::begin(kPrefillTokens), std::end(kPrefillTokens), config.tokens);
  if (known == std::end(kPrefillTokens)) {
    return fmt::format("no kernel has tiles of {} tokens", config.tokens);
  }
  if (config.ranks != 1 && config.ranks != 2) return "ranks must be 1 or 2";
  if (config.group < 1) return "group must be at least 1";
  return std::nullopt;
}

double prefill_cycles(const GemmProblem& problem, const PrefillConfig& config,
                      int multiprocessors) {
  // A k-step of 128: reads of shared memory by four matrix instructions, 128 bytes a cycle, and
  // what writes of operands take from them; or the path from the L2 cache.
  constexpr double kWriteCyclesPerByte = 1.6 / 1024;
  constexpr double kL2BytesPerCycle = 66;
  constexpr int kSlotBytes =
      kPrefillUnits * (kValueBytes + metadata_bytes(DataType::kInt8));  // of two steps
  constexpr double kWeightBytes = 0.5 * kSlotBytes;
  constexpr double kEpilogueCyclesPerToken = 9;
  constexpr double kTileCycles = 300;
  // Until the CTAs of all clusters have met.
  constexpr double kClusterCycles = 500;
  const double token_bytes = config.tokens * kRowBytes;
  const double reads = 2.0 * config.tokens + 64;
  const double shared = reads + kWriteCyclesPerByte * (token_bytes + kWeightBytes);
  const double l2 = (token_bytes / config.ranks + kWeightBytes) / kL2BytesPerCycle;
  const double steps = chunks_of(problem) * kStepsOfChunk;
  const double tile =
      steps * std::max(shared, l2) + kTileCycles + kEpilogueCyclesPerToken * config.tokens;
  const std::int64_t tiles = std::int64_t{prefill_clusters_n(problem.shape.n, config)} *
                             prefill_tiles_m(problem.shape.m, config);
  const std::int64_t at_once = std::max(multiprocessors / config.ranks, 1);
  return static_cast<double>(ceil_div(tiles, at_once)) * tile +
         (config.ranks > 1 ? kClusterCycles : 0);
}

std::vector<PrefillConfig> prefill_candidates(const GemmProblem& problem, int multiprocessors,
                                              int most) {
  std::vector<PrefillConfig> list;
  if (!has_prefill(problem)) return list;
  for (const int ranks : kRanks) {
    for (const int tokens : kPrefillTokens) {
      list.push_back({.tokens = tokens, .ranks = ranks, .group = 4 * ranks});
    }
  }
  std::stable_sort(list.begin(), list.end(), [&](const auto& left, const auto& right) {
    return prefill_cycles(problem, left, multiprocessors) <
           prefill_cycles(problem, right, multiprocessors);
  });
  if (list.size() > static_cast<std::size_t>(most)) list.resize(static_cast<std::size_t>(most));
  return list;
}

}  // namespace twofour::providers::cuda::sm90
