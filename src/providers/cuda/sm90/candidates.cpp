#include "providers/cuda/sm90/candidates.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <limits>
#include <stdexcept>
#include <string>
#include <utility>

#include "core/rounding.h"
#include "providers/cuda/sm90/layout.h"

namespace twofour::providers::cuda::sm90 {
namespace {

constexpr std::array<int, 4> kRanks{1, 2, 4, 8};

int chunks_per_rank(const GemmProblem& problem, int ranks) {
  return (chunks_of(problem) + ranks - 1) / ranks;
}

int shared_bytes_of(const GemmProblem& problem, const DecodeConfig& config) {
  return shared_layout(problem.b, problem.sparsity, static_cast<int>(problem.shape.m), config)
      .bytes;
}

constexpr std::array<int, 3> kSharedBytes{kHalfSharedBytes, kMaxSharedBytes, kThirdSharedBytes};

/// Cycles for each chunk that a CTA waits for operands because its rings are short: a stage is free
/// for as long as a copy takes, and of weights that come from memory it takes longer.
double ring_cycles(const DecodeConfig& config, int part) {
  constexpr double kWeightsCycles = 1700;
  constexpr double kActivationsCycles = 1200;
  const double weights = config.depth >= part ? 0 : kWeightsCycles / config.depth;
  const double activations =
      config.activation_depth >= part ? 0 : kActivationsCycles / config.activation_depth;
  return std::max(weights, activations);
}

int max_warpgroups_of(const GemmProblem& problem) {
  return max_warpgroups(padded_m(problem.shape.m));
}

/// Groups of warpgroups that share the chunks of K where a CTA has few row tiles. Their partial
/// sums are added through shared memory, which takes time that grows with M: for padded M of 16 and
/// more, four groups were never the fastest.
int groups_for(const GemmProblem& problem, Cut cut) {
  const int most = padded_m(problem.shape.m) > 8 ? 2 : 4;
  int groups = 1;
  while (groups < most && 2 * groups * cut.tiles <= std::min(4, max_warpgroups_of(problem)) &&
         2 * groups <= chunks_per_rank(problem, cut.ranks)) {
    groups *= 2;
  }
  return groups;
}

/// CTAs that an SM holds at once, by shared memory, threads and registers.
int resident_ctas(const GemmProblem& problem, const DecodeConfig& config) {
  constexpr int kReservedBytes = 1024;
  constexpr int kRegisters = 65536;
  const int threads = config.tiles * config.groups * 128 + kProducerThreads;
  const int padded = padded_m(problem.shape.m);
  const bool few = config.tiles * config.groups <= kFewWarpgroups;
  const int registers = padded > 64 ? 144 : few && padded == 64 ? 72 : 64;
  const int by_memory =
      (kMaxSharedBytes + kReservedBytes) / (shared_bytes_of(problem, config) + kReservedBytes);
  return std::max(1, std::min(by_memory, kRegisters / (threads * registers)));
}

/// Cuts for which Overlap::kEarly is timed too: it is the fastest where the part of a CTA is short,
/// and then with the first few cuts.
constexpr std::size_t kEarlyCuts = 3;

/// Overlaps to time with cut number `index`. CTAs of the next kernel that start early take shared
/// memory and bandwidth from those that still load, which for padded M of 64 and more costs more
/// than it hides.
std::vector<Overlap> overlaps_for(const GemmProblem& problem, std::size_t cut) {
  if (padded_m(problem.shape.m) >= 64) return {Overlap::kLoaded};
  if (cut < kEarlyCuts) return {Overlap::kEarly, Overlap::kHalf};
  return {Overlap::kHalf};
}

}  // namespace

double decode_cycles(const GemmProblem& problem, const DecodeConfig& config,
                     int multiprocessors) {
  // Bytes a cycle: from memory to all SMs, each SM's share; to one SM; between CTAs of a cluster.
  constexpr double kMemoryShare = 19.5;
  constexpr double kSmBytes = 58;
  constexpr double kClusterBytes = 14;
  constexpr double kChunkCycles = 230;   // of a warpgroup
  constexpr double kLaunchCycles = 2500;  // until the first operands are there, and after the last
  constexpr double kClusterCycles = 900;  // until sums of others are there
  const std::int64_t tiles = row_tiles(problem.shape.n);
  const int part = chunks_per_rank(problem, config.ranks);
  const double unit = unit_bytes(problem.b, problem.sparsity);
  const double tokens = padded_m(problem.shape.m) * chunk_row_bytes(problem.sparsity);
  const std::int64_t ctas = ceil_div(tiles, config.tiles) * config.ranks;
  const int resident = resident_ctas(problem, config);
  const auto busiest = static_cast<double>(ceil_div(ctas, multiprocessors));
  const double rounds = std::ceil(busiest / resident);
  const double bytes = part * (config.tiles * unit + tokens);
  const double memory =
      static_cast<double>(tiles * chunks_of(problem)) * unit / (multiprocessors * kMemoryShare);
  const double waits = part * ring_cycles(config, part);
  const double products = part * kChunkCycles / config.groups;
  const double tail =
      config.ranks * config.groups > 1
          ? kClusterCycles + config.tiles * 256.0 * static_cast<double>(problem.shape.m) *
                                 (1.0 - 1.0 / (config.ranks * config.groups)) / kClusterBytes
          : 0;
  // CTAs that fill the SM alone cannot begin before the kernel before has ended.
  const double alone = resident > 1 ? 0 : kLaunchCycles / 2;
  const double loop = std::max({memory, busiest * bytes / kSmBytes, rounds * waits, rounds * products});
  return loop + tail + alone + kLaunchCycles;
}

std::vector<Cut> cuts(const GemmProblem& problem, int multiprocessors) {
  std::vector<std::pair<double, Cut>> all;
  for (const int ranks : kRanks) {
    if (ranks > chunks_of(problem)) continue;
    for (int tiles = 1; tiles <= max_warpgroups_of(problem) && tiles <= row_tiles(problem.shape.n);
         ++tiles) {
      const Cut cut{tiles, ranks};
      double least = std::numeric_limits<double>::infinity();
      for (const int bytes : kSharedBytes) {
        const auto config =
            fitted(problem, cut, groups_for(problem, cut), bytes, Overlap::kLoaded);
        if (config) least = std::min(least, decode_cycles(problem, *config, multiprocessors));
      }
      all.emplace_back(least, cut);
    }
  }
  std::stable_sort(all.begin(), all.end(),
                   [](const auto& left, const auto& right) { return left.first < right.first; });
  std::vector<Cut> list;
  list.reserve(all.size());
  for (const auto& [cycles, cut] : all) list.push_back(cut);
  return list;
}

std::optional<std::string> refusal(const GemmProblem& problem, const DecodeConfig& config) {
  if (config.tiles < 1 || config.groups < 1 ||
      config.tiles * config.groups > max_warpgroups_of(problem)) {
    return fmt::format("tiles x groups must be 1 to {}", max_warpgroups_of(problem));
  }
  if (config.ranks < 1 || config.ranks > 8) return "ranks must be 1 to 8";
  const int warpgroups = config.tiles * config.groups;
  const int chunks = pipelined(padded_m(problem.shape.m), warpgroups) ? 2 * config.groups : 1;
  const int least = std::min(chunks, chunks_per_rank(problem, config.ranks));
  const auto wrong = [&](int depth) {
    return depth < least || depth > kMaxDepth || depth % config.groups != 0;
  };
  if (wrong(config.depth) || wrong(config.activation_depth) ||
      config.depth * config.tiles > kMaxUnitsInFlight) {
    return fmt::format(
        "depths must be multiples of groups from {} to {}, and depth x tiles at most {}", least,
        kMaxDepth, kMaxUnitsInFlight);
  }
  const int bytes = shared_bytes_of(problem, config);
  if (bytes > kMaxSharedBytes) {
    return fmt::format("needs {} bytes of shared memory; a CTA has {}", bytes, kMaxSharedBytes);
  }
  return std::nullopt;
}

std::optional<DecodeConfig> fitted(const GemmProblem& problem, Cut cut, int groups,
                                   int shared_bytes, Overlap overlap) {
  const int part = chunks_per_rank(problem, cut.ranks);
  if (groups > part) return std::nullopt;
  const int most = std::min(round_up(part, groups), kMaxDepth / groups * groups);
  std::optional<DecodeConfig> best;
  for (int activations = groups; activations <= most; activations += groups) {
    for (int depth = most; depth >= groups; depth -= groups) {
      const DecodeConfig config{.tiles = cut.tiles,
                                .ranks = cut.ranks,
                                .groups = groups,
                                .depth = depth,
                                .activation_depth = activations,
                                .overlap = overlap};
      if (shared_bytes_of(problem, config) > shared_bytes || refusal(problem, config)) continue;
      if (!best || ring_cycles(config, part) < ring_cycles(*best, part)) best = config;
      break;
    }
  }
  return best;
}

std::vector<DecodeConfig> candidates(const GemmProblem& problem, int multiprocessors, int most) {
  std::vector<DecodeConfig> list;
  std::vector<Cut> taken;
  const auto add = [&](std::size_t index, Cut cut, int groups) {
    const std::size_t before = list.size();
    for (const int bytes : kSharedBytes) {
      for (const Overlap overlap : overlaps_for(problem, index)) {
        const auto config = fitted(problem, cut, groups, bytes, overlap);
        if (config && std::find(list.begin(), list.end(), *config) == list.end()) {
          list.push_back(*config);
        }
      }
    }
    return list.size() > before;
  };
  for (const Cut cut : cuts(problem, multiprocessors)) {
    if (taken.size() == static_cast<std::size_t>(most)) break;
    if (add(taken.size(), cut, groups_for(problem, cut))) taken.push_back(cut);
  }
  if (padded_m(problem.shape.m) > 8) {
    for (std::size_t i = 0; i < taken.size(); ++i) add(i, taken[i], 1);
  }
  if (list.empty()) throw std::logic_error("no configuration of a decode kernel fits");
  return list;
}

}  // namespace twofour::providers::cuda::sm90
