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

bool is_pipelined(const GemmProblem& problem, const DecodeConfig& config) {
  return pipelined(padded_m(problem.shape.m), config.tiles * config.groups);
}

int max_warpgroups_of(const GemmProblem& problem) {
  return max_warpgroups(padded_m(problem.shape.m));
}

/// Cycles for each chunk that a CTA waits for operands because its rings are short: a stage is free
/// for as long as a copy takes, and of weights that come from memory it takes longer. Of each
/// ring's stages `kept` are not.
double ring_cycles(const GemmProblem& problem, const DecodeConfig& config, int kept) {
  constexpr double kWeightsCycles = 1700;
  constexpr double kActivationsCycles = 1200;
  const int part = chunks_per_rank(problem, config.ranks);
  const auto waits = [&](double cycles, int depth) {
    return depth >= part ? 0 : cycles / std::max(depth - kept, 1);
  };
  return std::max(waits(kWeightsCycles, config.depth),
                  waits(kActivationsCycles, config.activation_depth));
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

/// Cuts that are timed with a second overlap and, up to padded M of 16, with two groups.
constexpr std::size_t kBestCuts = 3;

/// Overlaps to time with cut number `index`. CTAs of the next kernel that start early take shared
/// memory and bandwidth from those that still load. For padded M of 64 and more that costs more
/// than it hides, but for long launches.
std::vector<Overlap> overlaps_for(const GemmProblem& problem, std::size_t index) {
  const Overlap first = padded_m(problem.shape.m) >= 64 ? Overlap::kLoaded : Overlap::kHalf;
  if (index < kBestCuts) return {first, Overlap::kEarly};
  return {first};
}

}  // namespace

double decode_cycles(const GemmProblem& problem, const DecodeConfig& config, int multiprocessors) {
  // Bytes a cycle: an SM's share of what memory gives and of what the L2 cache gives; to one SM;
  // between CTAs of a cluster.
  constexpr double kMemoryShare = 19.5;
  constexpr double kCacheShare = 47;
  constexpr double kSmBytes = 56;
  constexpr double kClusterBytes = 14;
  constexpr double kChunkCycles = 230;    // of a warpgroup
  constexpr double kLaunchCycles = 2500;  // until the first operands are there, and after the last
  constexpr double kClusterCycles = 150;  // of each CTA, to launch it beside the others
  constexpr double kReductionCycles = 500;  // until the first sums of others are there
  const std::int64_t tiles = row_tiles(problem.shape.n);
  const int part = chunks_per_rank(problem, config.ranks);
  const double unit = unit_bytes(problem.b, problem.sparsity);
  const double tokens = padded_m(problem.shape.m) * chunk_row_bytes(problem.sparsity);
  const std::int64_t ctas = ceil_div(tiles, config.tiles) * config.ranks;
  const auto busiest = static_cast<double>(ceil_div(ctas, multiprocessors));
  const int resident = resident_ctas(problem, config);
  const double rounds = std::ceil(busiest / resident);
  const double bytes = part * (config.tiles * unit + tokens);
  const double memory =
      static_cast<double>(tiles * chunks_of(problem)) * unit / (multiprocessors * kMemoryShare);
  const double cache = static_cast<double>(ctas) * bytes / (multiprocessors * kCacheShare);
  // A pipelined consumer keeps a stage while it awaits the next.
  const int kept = is_pipelined(problem, config) ? config.groups : 0;
  const double chunk = std::max(kChunkCycles / config.groups, ring_cycles(problem, config, kept));
  const double loop = std::max({memory, cache, busiest * bytes / kSmBytes, rounds * part * chunk});
  const int parts = config.ranks * config.groups;
  const double sent =
      config.tiles * 256.0 * static_cast<double>(problem.shape.m) * (parts - 1) / parts;
  const double tail =
      parts > 1 ? kReductionCycles + kClusterCycles * config.ranks + sent / kClusterBytes : 0;
  // CTAs that fill the SM alone cannot begin before the kernel before has ended.
  const double alone = resident > 1 ? 0 : kLaunchCycles / 2;
  return loop + tail + alone + rounds * kLaunchCycles;
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
        const auto config = fitted(problem, cut, 1, bytes, Overlap::kLoaded);
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
  const int chunks = is_pipelined(problem, config) ? 2 * config.groups : 1;
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
      if (!best || ring_cycles(problem, config, 0) < ring_cycles(problem, *best, 0)) best = config;
      break;
    }
  }
  return best;
}

std::vector<DecodeConfig> candidates(const GemmProblem& problem, int multiprocessors, int most) {
  std::vector<DecodeConfig> list;
  std::size_t taken = 0;
  const auto add = [&](Cut cut, int groups) {
    const std::size_t before = list.size();
    for (const int bytes : kSharedBytes) {
      for (const Overlap overlap : overlaps_for(problem, taken)) {
        const auto config = fitted(problem, cut, groups, bytes, overlap);
        if (config && std::find(list.begin(), list.end(), *config) == list.end()) {
          list.push_back(*config);
        }
      }
    }
    return list.size() > before;
  };
  for (const Cut cut : cuts(problem, multiprocessors)) {
    if (taken == static_cast<std::size_t>(most)) break;
    if (!add(cut, 1)) continue;
    if (padded_m(problem.shape.m) <= 16 && taken < kBestCuts) add(cut, 2);
    ++taken;
  }
  if (list.empty()) throw std::logic_error("no configuration of a decode kernel fits");
  return list;
}

}  // namespace twofour::providers::cuda::sm90
