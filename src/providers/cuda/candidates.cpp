#include "providers/cuda/candidates.h"

#include <algorithm>
#include <array>
#include <stdexcept>

#include "providers/cuda/layout.h"

namespace twofour::providers::cuda {
namespace {

constexpr std::array<int, 4> kRanks{1, 2, 4, 8};

struct Cut {
  int tiles;
  int ranks;
  std::int64_t units;
};

/// Fewest units first; of equals, fewer CTAs in a cluster.
bool better(const Cut& left, const Cut& right) {
  if (left.units != right.units) return left.units < right.units;
  return left.ranks < right.ranks;
}

std::vector<Cut> cuts(const GemmProblem& problem, int multiprocessors) {
  std::vector<Cut> all;
  const std::int64_t chunk_count = chunks(problem.sparsity, problem.shape.k);
  const std::int64_t tile_count = row_tiles(problem.shape.n);
  for (const int ranks : kRanks) {
    if (ranks > chunk_count || ranks > multiprocessors) continue;
    for (int tiles = 1; tiles <= kMostTiles && tiles <= tile_count; ++tiles) {
      all.push_back(
          {tiles, ranks, units_per_multiprocessor(problem, tiles, ranks, multiprocessors)});
    }
  }
  std::sort(all.begin(), all.end(), better);
  return all;
}

}  // namespace

std::optional<DecodeConfig> fitted(const GemmProblem& problem, int tiles, int ranks,
                                   int shared_bytes, Overlap overlap) {
  const auto m = static_cast<int>(problem.shape.m);
  const std::int64_t chunk_count = chunks(problem.sparsity, problem.shape.k);
  const auto part = static_cast<int>((chunk_count + ranks - 1) / ranks);
  for (int depth = std::min(part, kMostActivationSlots); depth >= std::min(part, 2); --depth) {
    const DecodeConfig config{.tiles = tiles,
                              .ranks = ranks,
                              .weight_slots = std::min(depth * tiles, kMostWeightSlots),
                              .activation_slots = depth,
                              .overlap = overlap};
    if (shared_layout(problem.sparsity, m, config).bytes <= shared_bytes) return config;
  }
  return std::nullopt;
}

std::int64_t units_per_multiprocessor(const GemmProblem& problem, int tiles, int ranks,
                                      int multiprocessors) {
  const std::int64_t chunk_count = chunks(problem.sparsity, problem.shape.k);
  const std::int64_t clusters = (row_tiles(problem.shape.n) + tiles - 1) / tiles;
  const std::int64_t at_once = std::max(multiprocessors / ranks, 1);
  const std::int64_t waves = (clusters + at_once - 1) / at_once;
  return waves * tiles * ((chunk_count + ranks - 1) / ranks);
}

std::vector<DecodeConfig> candidates(const GemmProblem& problem, int multiprocessors, int most) {
  std::vector<DecodeConfig> list;
  int taken = 0;
  for (const Cut& cut : cuts(problem, multiprocessors)) {
    if (taken == most) break;
    const std::size_t before = list.size();
    for (const int bytes : {kHalfSharedBytes, kMostSharedBytes}) {
      const auto config = fitted(problem, cut.tiles, cut.ranks, bytes, Overlap::kEarly);
      if (config && (list.empty() || !(list.back() == *config))) list.push_back(*config);
    }
    if (list.size() > before) ++taken;
  }
  if (list.empty()) throw std::logic_error("no configuration of a decode kernel fits");
  return list;
}

}  // namespace twofour::providers::cuda
