#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <tuple>

#include "providers/cuda/sm90/direct.h"
#include "providers/cuda/sm90/direct_params.h"
#include "providers/cuda/sm90/layout.h"

namespace twofour::providers::cuda::sm90 {
namespace {

int stage_bytes(const GemmProblem& problem, const DirectConfig& config) {
  return config.tiles * unit_bytes(problem.b, problem.sparsity) / kTilesPerUnit;
}

int max_warps(const GemmProblem& problem, const DirectConfig& config) {
  return max_direct_warps(problem.shape.m, config.tiles);
}

int chunks_per_rank(const GemmProblem& problem, const DirectConfig& config) {
  return (chunks_of(problem) + config.ranks - 1) / config.ranks;
}

/// `config` with the deepest rings that fit; nothing where none does.
std::optional<DirectConfig> deepest(const GemmProblem& problem, DirectConfig config,
                                    int shared_bytes) {
  config.depth = 1;
  if (refusal(problem, config)) return std::nullopt;
  const auto fits = [&](int depth) {
    config.depth = depth;
    return direct_layout(problem, config).bytes <= shared_bytes && !refusal(problem, config);
  };
  const int wanted = (chunks_per_rank(problem, config) + config.k_warps - 1) / config.k_warps;
  for (int depth = wanted; depth >= 1; --depth) {
    if (fits(depth)) return config;
  }
  return std::nullopt;
}

std::int64_t ctas_of(const GemmProblem& problem, const DirectConfig& config) {
  const std::int64_t tiles = std::int64_t{config.tiles} * config.row_warps;
  return (tiles_of(problem) + tiles - 1) / tiles * config.ranks;
}

/// Bytes that the busiest SM reads where CTAs spread evenly: weights, and activations from the L2.
std::int64_t bytes_per_multiprocessor(const GemmProblem& problem, const DirectConfig& config,
                                      int multiprocessors) {
  const std::int64_t ctas = (ctas_of(problem, config) + multiprocessors - 1) / multiprocessors;
  const std::int64_t weights = std::int64_t{config.row_warps} * stage_bytes(problem, config) *
                               chunks_per_rank(problem, config);
  const std::int64_t activations = std::int64_t{config.row_warps} * problem.shape.m *
                                   chunk_row_bytes(problem.sparsity) *
                                   chunks_per_rank(problem, config);
  return ctas * (weights + activations / 2);
}

}  // namespace

std::string to_string(const DirectConfig& config) {
  return fmt::format("direct_r{}_w{}x{}_c{}_d{}_{}", config.tiles, config.row_warps, config.k_warps,
                     config.ranks, config.depth, to_string(config.overlap));
}

DirectLayout direct_layout(const GemmProblem& problem, const DirectConfig& config) {
  DirectLayout layout;
  const auto m = static_cast<int>(problem.shape.m);
  const int rows = config.rows();
  layout.ring_bytes = config.depth * stage_bytes(problem, config);
  layout.vectors = kDirectBarrierBytes + config.warps() * layout.ring_bytes;
  layout.partials = layout.vectors + round_up((2 * rows + m) * 4, 16);
  layout.rows_owned = round_up((rows + config.ranks - 1) / config.ranks, 4);
  layout.bytes = layout.partials;
  if (config.ranks > 1) layout.bytes += config.ranks * m * (layout.rows_owned + 4) * 4;
  return layout;
}

std::optional<std::string> refusal(const GemmProblem& problem, const DirectConfig& config) {
  if (problem.a == DataType::kFp8E4m3) return "direct kernels do not take fp8";
  if (problem.shape.m > kMaxDirectM) {
    return fmt::format("direct kernels take at most {} tokens", kMaxDirectM);
  }
  if (std::find(std::begin(kDirectTiles), std::end(kDirectTiles), config.tiles) ==
      std::end(kDirectTiles)) {
    return "there is no kernel with that many row tiles";
  }
  const int most = max_warps(problem, config);
  if (config.row_warps < 1 || config.k_warps < 1 || config.warps() > most) {
    return fmt::format("warps must be 1 to {}", most);
  }
  if (config.ranks < 1 || config.ranks > 8) return "ranks must be 1 to 8";
  if (config.depth < 1 || config.depth * config.warps() > kMaxDirectStages) {
    return fmt::format("depth must be at least 1, and depth x warps at most {}", kMaxDirectStages);
  }
  if (std::int64_t{config.tiles} * config.row_warps > tiles_of(problem)) {
    return "a cluster has more rows than the weight";
  }
  const int bytes = direct_layout(problem, config).bytes;
  if (bytes > kMaxSharedBytes) {
    return fmt::format("needs {} bytes of shared memory; a CTA has {}", bytes, kMaxSharedBytes);
  }
  return std::nullopt;
}

std::vector<DirectConfig> direct_configs(const GemmProblem& problem, int multiprocessors,
                                         int shared_bytes) {
  std::vector<DirectConfig> list;
  for (const int tiles : kDirectTiles) {
    for (const int row_warps : {1, 2, 4}) {
      for (const int k_warps : {2, 4, 8, 16}) {
        for (const int ranks : {1, 2, 4}) {
          const DirectConfig config{
              .tiles = tiles, .row_warps = row_warps, .k_warps = k_warps, .ranks = ranks};
          if (config.warps() < 4 || k_warps > chunks_per_rank(problem, config)) continue;
          if (2 * ctas_of(problem, config) < multiprocessors) continue;
          if (const auto fitted = deepest(problem, config, shared_bytes)) list.push_back(*fitted);
        }
      }
    }
  }
  const auto order = [&](const DirectConfig& config) {
    return std::tuple(bytes_per_multiprocessor(problem, config, multiprocessors), config.ranks,
                      config.row_warps, -config.warps());
  };
  std::stable_sort(list.begin(), list.end(),
                   [&](const auto& left, const auto& right) { return order(left) < order(right); });
  return list;
}

std::vector<DirectConfig> direct_candidates(const GemmProblem& problem, int multiprocessors,
                                            int most) {
  std::vector<DirectConfig> cuts = direct_configs(problem, multiprocessors, kHalfSharedBytes);
  if (cuts.size() > static_cast<std::size_t>(most)) cuts.resize(static_cast<std::size_t>(most));
  std::vector<DirectConfig> list;
  for (DirectConfig config : cuts) {
    // If the ring holds all chunks, all copies are issued at once, and kHalf would be kLoaded.
    const bool holds_all = config.depth * config.k_warps >= chunks_per_rank(problem, config);
    for (const auto overlap : {Overlap::kEarly, Overlap::kHalf, Overlap::kLoaded}) {
      if (overlap == Overlap::kHalf && holds_all) continue;
      config.overlap = overlap;
      list.push_back(config);
    }
  }
  return list;
}

}  // namespace twofour::providers::cuda::sm90
