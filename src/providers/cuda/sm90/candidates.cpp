#include "providers/cuda/sm90/candidates.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <stdexcept>
#include <string>
#include <tuple>

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

std::int64_t units_per_multiprocessor(const GemmProblem& problem, Cut cut, int multiprocessors) {
  const std::int64_t clusters = (row_tiles(problem.shape.n) + cut.tiles - 1) / cut.tiles;
  const std::int64_t at_once = std::max(multiprocessors / cut.ranks, 1);
  const std::int64_t waves = (clusters + at_once - 1) / at_once;
  return waves * cut.tiles * chunks_per_rank(problem, cut.ranks);
}

std::vector<Cut> cuts(const GemmProblem& problem, int multiprocessors) {
  std::vector<Cut> all;
  for (const int ranks : kRanks) {
    if (ranks > chunks_of(problem)) continue;
    for (int tiles = 1; tiles <= max_warpgroups_of(problem) && tiles <= row_tiles(problem.shape.n);
         ++tiles) {
      all.push_back({tiles, ranks});
    }
  }
  const auto order = [&](Cut cut) {
    return std::tuple(units_per_multiprocessor(problem, cut, multiprocessors), cut.ranks);
  };
  std::sort(all.begin(), all.end(),
            [&](Cut left, Cut right) { return order(left) < order(right); });
  return all;
}

std::optional<std::string> refusal(const GemmProblem& problem, const DecodeConfig& config) {
  if (config.tiles < 1 || config.groups < 1 ||
      config.tiles * config.groups > max_warpgroups_of(problem)) {
    return fmt::format("tiles x groups must be 1 to {}", max_warpgroups_of(problem));
  }
  if (config.ranks < 1 || config.ranks > 8) return "ranks must be 1 to 8";
  if (config.depth < 1 || config.depth > kMaxDepth || config.depth % config.groups != 0 ||
      config.depth * config.tiles > kMaxUnitsInFlight) {
    return fmt::format(
        "depth must be a multiple of groups, at most {}, and depth x tiles at most {}", kMaxDepth,
        kMaxUnitsInFlight);
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
  const int wanted = std::min((part + groups - 1) / groups * groups, kMaxDepth);
  for (int depth = wanted / groups * groups; depth >= groups; depth -= groups) {
    const DecodeConfig config{.tiles = cut.tiles,
                              .ranks = cut.ranks,
                              .groups = groups,
                              .depth = depth,
                              .overlap = overlap};
    const int bytes = shared_bytes_of(problem, config);
    if (bytes <= shared_bytes && !refusal(problem, config)) return config;
  }
  return std::nullopt;
}

std::vector<DecodeConfig> candidates(const GemmProblem& problem, int multiprocessors, int most) {
  std::vector<DecodeConfig> list;
  std::vector<Cut> taken;
  const auto add = [&](std::size_t index, Cut cut, int groups) {
    const std::size_t before = list.size();
    for (const int bytes : {kHalfSharedBytes, kMaxSharedBytes, kThirdSharedBytes}) {
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
