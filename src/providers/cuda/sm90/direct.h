// The direct decode kernels, host side: int8, bf16 and fp16, and M up to 16. Each warp has a
// pipeline of its own and needs no barrier with other warps until partial sums are added.
// docs/cuda-kernels.md explains the design.
#pragma once

#include <cuda_runtime_api.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/problem.h"
#include "providers/cuda/sm90/decode.h"

namespace twofour::providers::cuda::sm90 {

inline constexpr int kMaxDirectM = 16;
/// Rows of W in one matrix instruction (mma m16n8).
inline constexpr int kTileRows = 16;
/// Largest warps * depth. The stages' barriers, and one more, are at the start of shared memory.
inline constexpr int kMaxDirectStages = 127;
inline constexpr int kDirectBarrierBytes = 8 * (kMaxDirectStages + 1);

/// How the work is partitioned. A cluster of `ranks` CTAs computes `row_warps * tiles` tiles of 16
/// rows of W, and each CTA takes one part of the chunks of K. In a CTA the rows are split between
/// `row_warps` groups of `k_warps` warps, and the warps of a group take the chunks in turn.
struct DirectConfig {
  int tiles = 1;  ///< row tiles of a warp: one of kDirectTiles
  int row_warps = 1;
  int k_warps = 8;
  int ranks = 1;
  int depth = 1;  ///< pipeline stages of a warp, one chunk each
  Overlap overlap = Overlap::kEarly;
  [[nodiscard]] int warps() const { return row_warps * k_warps; }
  [[nodiscard]] int rows() const { return row_warps * tiles * kTileRows; }
  bool operator==(const DirectConfig&) const = default;
};

inline constexpr int kDirectTiles[] = {1, 2, 3, 4, 5};

/// A stable name, for example "direct_r2_w1x16_c1_d1_early".
std::string to_string(const DirectConfig& config);

/// Byte offsets in a CTA's shared memory: the barriers, then one ring for each warp, which its
/// partial sums [m][tiles * 16 + 4] overwrite in the end, then `vectors` and `partials`.
struct DirectLayout {
  int ring_bytes = 0;  ///< of a warp
  int vectors = 0;     ///< scale_b[rows], bias[rows], scale_a[m]
  int partials = 0;    ///< [ranks][m][rows_owned + 4] accumulators; for ranks > 1 only
  int bytes = 0;
  int rows_owned = 0;  ///< rows of W whose epilogue each CTA of a cluster runs
};

DirectLayout direct_layout(const GemmProblem& problem, const DirectConfig& config);

/// Why `config` cannot run; nothing if it can.
std::optional<std::string> refusal(const GemmProblem& problem, const DirectConfig& config);

/// Configurations in the order in which they should be tried: at most `most` ways to cut the work,
/// each with every overlap that differs. None where no direct kernel takes the problem.
std::vector<DirectConfig> direct_candidates(const GemmProblem& problem, int multiprocessors,
                                            int most);

/// Every configuration that can run and keeps at least half of `multiprocessors` busy, each with
/// rings of at most `shared_bytes` of a CTA. For benchmarks and tests.
std::vector<DirectConfig> direct_configs(const GemmProblem& problem, int multiprocessors,
                                         int shared_bytes);

/// Lets the kernel of `problem` use `config`'s shared memory. Throws std::runtime_error when it
/// does not fit, or when no cluster of it can be resident.
void prepare_direct(const GemmProblem& problem, const DirectConfig& config);

/// Launches; allocates nothing. Throws as device::cuda::check does.
void launch_direct(const GemmProblem& problem, const DirectConfig& config,
                   const DecodeArguments& arguments, cudaStream_t stream);

}  // namespace twofour::providers::cuda::sm90
