#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <iterator>

#include "providers/cuda/sm90/prefill.h"

namespace twofour::providers::cuda::sm90 {
namespace {

constexpr int kRanks[] = {2, 1};
constexpr int kStepsOfChunk = 2;

std::int64_t tiles_of(const GemmProblem& problem, const PrefillConfig& config) {
  return std::int64_t{prefill_clusters_n(problem.shape.n, config)} *
         prefill_tiles_m(problem.shape.m, config);
}

/// Cycles of a k-step, 128 bytes of a row of A, where `sharing` CTAs load activations together:
/// reads of shared memory by four matrix instructions, 128 bytes a cycle, and what writes of
/// operands take from them; or the path from the L2 cache. All types have as many bytes but for
/// metadata.
double step_cycles(int tokens, int sharing) {
  constexpr double kWriteCyclesPerByte = 1.6 / 1024;
  constexpr double kL2BytesPerCycle = 66;
  constexpr int kSlotBytes =
      kPrefillUnits * (kValueBytes + metadata_bytes(DataType::kInt8));  // of two steps
  constexpr double kWeightBytes = 0.5 * kSlotBytes;
  const double token_bytes = tokens * kRowBytes;
  const double reads = 2.0 * tokens + 64;
  const double shared = reads + kWriteCyclesPerByte * (token_bytes + kWeightBytes);
  const double l2 = (token_bytes / sharing + kWeightBytes) / kL2BytesPerCycle;
  return std::max(shared, l2);
}

}  // namespace

std::string to_string(const PrefillConfig& config) {
  return fmt::format("n{}_c{}_g{}{}", config.tokens, config.ranks, config.group,
                     config.split ? "_split" : "");
}

bool has_prefill(const GemmProblem& problem) {
  constexpr DataType kTypes[] = {DataType::kInt8, DataType::kFp8E4m3, DataType::kBf16,
                                 DataType::kFp16};
  return problem.sparsity == Sparsity::kTwoFour && problem.a == problem.b &&
         std::find(std::begin(kTypes), std::end(kTypes), problem.a) != std::end(kTypes);
}

int prefill_clusters_n(std::int64_t n, const PrefillConfig& config) {
  return static_cast<int>(ceil_div(n, config.ranks * kPrefillRows));
}

int prefill_tiles_m(std::int64_t m, const PrefillConfig& config) {
  return static_cast<int>(ceil_div(m, config.tokens));
}

std::int64_t prefill_whole_tiles(const GemmProblem& problem, const PrefillConfig& config,
                                 std::int64_t tiles, int clusters) {
  const std::int64_t left = tiles % clusters;
  const bool splits = config.split && chunks_of(problem) > 1 && left * config.ranks <= clusters;
  return splits ? tiles - left : tiles;
}

std::optional<std::string> refusal(const GemmProblem& problem, const PrefillConfig& config) {
  if (!has_prefill(problem)) return "prefill kernels are for 2:4 int8, fp8, bf16 and fp16";
  const auto* known =
      std::find(std::begin(kPrefillTokens), std::end(kPrefillTokens), config.tokens);
  if (known == std::end(kPrefillTokens)) {
    return fmt::format("no kernel has tiles of {} tokens", config.tokens);
  }
  if (config.ranks != 1 && config.ranks != 2) return "ranks must be 1 or 2";
  if (config.group < 1) return "group must be at least 1";
  if (config.split && !can_split(config.tokens, config.ranks)) {
    return fmt::format("tiles of {} tokens and clusters of {} cannot be split", config.tokens,
                       config.ranks);
  }
  return std::nullopt;
}

double prefill_cycles(const GemmProblem& problem, const PrefillConfig& config,
                      int multiprocessors) {
  constexpr double kEpilogueCyclesPerToken = 9;
  constexpr double kTileCycles = 300;
  // Until the CTAs of all clusters have met.
  constexpr double kClusterCycles = 500;
  // What CTAs of a cluster send each other at 16 bytes a cycle, for half of the tokens.
  constexpr double kExchangeCyclesPerToken = 0.5 * kPrefillRows * 4 / 16;
  const std::int64_t tiles = tiles_of(problem, config);
  const int at_once = std::max(multiprocessors / config.ranks, 1);
  const std::int64_t whole = prefill_whole_tiles(problem, config, tiles, at_once);
  const double steps = chunks_of(problem) * kStepsOfChunk;
  const double epilogue = kEpilogueCyclesPerToken * config.tokens;
  const double cycles =
      static_cast<double>(ceil_div(whole, at_once)) *
          (steps * step_cycles(config.tokens, config.ranks) + kTileCycles + epilogue) +
      (config.ranks > 1 ? kClusterCycles : 0);
  if (whole == tiles) return cycles;
  return cycles + steps / 2 * step_cycles(config.tokens, 1) + kTileCycles +
         kExchangeCyclesPerToken * config.tokens + epilogue / 2;
}

std::vector<PrefillConfig> prefill_candidates(const GemmProblem& problem, int multiprocessors,
                                              int most) {
  std::vector<PrefillConfig> list;
  if (!has_prefill(problem)) return list;
  for (const int ranks : kRanks) {
    for (const int tokens : kPrefillTokens) {
      PrefillConfig config{.tokens = tokens, .ranks = ranks, .group = 4 * ranks};
      list.push_back(config);
      config.split = true;
      const std::int64_t tiles = tiles_of(problem, config);
      const int at_once = std::max(multiprocessors / ranks, 1);
      if (can_split(tokens, ranks) &&
          prefill_whole_tiles(problem, config, tiles, at_once) < tiles) {
        list.push_back(config);
      }
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
