#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <tuple>

#include "core/rounding.h"
#include "providers/cuda/sm90/batched.h"

namespace twofour::providers::cuda::sm90 {
namespace {

/// A bound on the bytes of shared memory of each CTA, where one or two are to be on an SM.
constexpr int kSharedBytes[] = {kMaxSharedBytes, kHalfSharedBytes};

int ctas_per_multiprocessor(const GemmProblem& problem, const BatchedConfig& config) {
  return batched_layout(problem, config).bytes > kHalfSharedBytes ? 1 : 2;
}

/// Of an SM.
int weights_in_flight(const GemmProblem& problem, const BatchedConfig& config) {
  return ctas_per_multiprocessor(problem, config) * config.depth * config.units *
         unit_bytes(problem.b, problem.sparsity);
}

}  // namespace

std::string to_string(const BatchedConfig& config) {
  return fmt::format("u{}_d{}", config.units, config.depth);
}

BatchedLayout batched_layout(const GemmProblem& problem, const BatchedConfig& config) {
  using L = BatchedLayout;
  L layout;
  layout.activations = config.units * unit_bytes(problem.b, problem.sparsity);
  layout.slot = layout.activations + padded_m(problem.shape.m) * chunk_row_bytes(problem.sparsity);
  layout.pieces = L::kBarriers + config.depth * layout.slot;
  layout.bytes = layout.pieces + config.units * L::kPieceBytes;
  return layout;
}

std::size_t activation_bytes(const GemmProblem& problem) {
  return bytes_of(problem.a, problem.batch * problem.shape.m * problem.shape.k);
}

std::int64_t batched_tiles(const GemmProblem& problem, const BatchedConfig& config) {
  const GemmShape& shape = problem.shape;
  return problem.batch * ceil_div(row_tiles(shape.n), config.units) *
         ceil_div(shape.m, padded_m(shape.m));
}

std::optional<std::string> refusal(const GemmProblem& problem, const BatchedConfig& config) {
  if (problem.bias) return "kernels of batches add no bias";
  if (config.units < 1 || config.units > kMaxBatchedUnits) {
    return fmt::format("units must be 1 to {}", kMaxBatchedUnits);
  }
  if (config.depth < 2 || config.depth > kMaxBatchedDepth) {
    return fmt::format("depth must be 2 to {}", kMaxBatchedDepth);
  }
  const int bytes = batched_layout(problem, config).bytes;
  if (bytes > kMaxSharedBytes) {
    return fmt::format("needs {} bytes of shared memory, a CTA can have {}", bytes,
                       kMaxSharedBytes);
  }
  return std::nullopt;
}

double batched_bytes(const GemmProblem& problem, const BatchedConfig& config, int multiprocessors) {
  // What an SM gets in a cycle from device memory, and from the L2 cache at most.
  constexpr double kMemoryBytesPerCycle = 18;
  constexpr double kL2BytesPerCycle = 66;
  // Fewer in flight do not keep an SM's share of the memory busy.
  constexpr double kEnoughInFlight = 80 * 1024;
  const double weights = config.units * unit_bytes(problem.b, problem.sparsity);
  const double activations = padded_m(problem.shape.m) * chunk_row_bytes(problem.sparsity);
  const double tile = static_cast<double>(chunks_of(problem)) *
                      (weights + activations * kMemoryBytesPerCycle / kL2BytesPerCycle);
  const int ctas = ctas_per_multiprocessor(problem, config);
  const auto rounds = static_cast<double>(
      ceil_div(batched_tiles(problem, config), std::int64_t{ctas} * multiprocessors) * ctas);
  return rounds * tile * std::max(1.0, kEnoughInFlight / weights_in_flight(problem, config));
}

std::vector<BatchedConfig> batched_candidates(const GemmProblem& problem, int multiprocessors,
                                              int most) {
  std::vector<BatchedConfig> list;
  for (const int bytes : kSharedBytes) {
    for (int units = 1; units <= kMaxBatchedUnits; ++units) {
      BatchedConfig config{.units = units, .depth = 0};
      const BatchedLayout without_ring = batched_layout(problem, config);
      config.depth = std::min((bytes - without_ring.bytes) / without_ring.slot, kMaxBatchedDepth);
      const bool known = std::find(list.begin(), list.end(), config) != list.end();
      if (!known && !refusal(problem, config)) list.push_back(config);
    }
  }
  std::stable_sort(list.begin(), list.end(), [&](const auto& left, const auto& right) {
    const auto key = [&](const BatchedConfig& one) {
      return std::tuple(batched_bytes(problem, one, multiprocessors),
                        -weights_in_flight(problem, one));
    };
    return key(left) < key(right);
  });
  if (list.size() > static_cast<std::size_t>(most)) list.resize(static_cast<std::size_t>(most));
  return list;
}

}  // namespace twofour::providers::cuda::sm90
