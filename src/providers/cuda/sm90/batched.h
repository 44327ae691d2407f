// The kernels of batches, host side: D[i][M][N] = scale_a * scale_b * (A[i][M][K] x W[i][N][K]^T)
// for GEMMs i of one shape in one launch, dense and 2:4, on Hopper. Each W[i] is packed as the
// decode kernels read it (layout.h), and they lie one behind another. docs/cuda-kernels.md explains
// the design.
//
// A batch has more row tiles than a GPU has SMs, so nobody splits K: a CTA computes tiles of D of
// `units` * 64 rows of W (columns of D) by padded_m(M) rows of A, one after another, and its copies
// of weights never stop between them.
#pragma once

#include <cuda.h>
#include <cuda_runtime_api.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/problem.h"
#include "providers/cuda/sm90/decode.h"
#include "providers/cuda/sm90/layout.h"

namespace twofour::providers::cuda::sm90 {

/// How the work is partitioned.
struct BatchedConfig {
  int units = 2;  ///< units of 64 rows of W in a tile, each multiplied by one warpgroup
  int depth = 8;  ///< slots of the ring, each of one chunk of K: the units' and the activations'
  bool operator==(const BatchedConfig&) const = default;
};

inline constexpr int kMaxBatchedUnits = 4;
inline constexpr int kMaxBatchedDepth = 20;
/// A warpgroup for each unit, and two warps, each of which has one thread that issues copies.
constexpr int batched_threads(int units) { return units * 128 + 64; }

/// A stable name, for example "u2_d9".
std::string to_string(const BatchedConfig& config);

/// Byte offsets in a CTA's shared memory:
///   [barriers][ring: slots x (units, activations [row bytes of a chunk / 128][tokens][128])]
///   [pieces of D: units x [kPieceTokens][64 rows] of 16 bits, swizzled]
struct BatchedLayout {
  static constexpr int kBarriers = 1024;
  static constexpr int kPieceTokens = 16;
  static constexpr int kPieceBytes = kPieceTokens * kRowBytes;

  int activations = 0;  ///< in a slot
  int slot = 0;         ///< bytes of one
  int pieces = 0;
  int bytes = 0;
};

/// The layout; its `bytes` may exceed kMaxSharedBytes, and then `config` cannot run.
BatchedLayout batched_layout(const GemmProblem& problem, const BatchedConfig& config);

/// What the host passes to a kernel of batches, beside the tensor map of A.
struct BatchedParams {
  DecodeArguments io;        ///< without `a` and `bias`; m and n are those of one GEMM
  std::int64_t weight_step;  ///< bytes from the weights of one GEMM to those of the next
  std::int64_t output_step;  ///< elements from one D to the next
  BatchedLayout shared;
  int chunks;     ///< of K
  int row_tiles;  ///< tiles of 64 rows in the packed weights of one GEMM
  int tiles_n;    ///< of one GEMM, of `units` * 64 rows of W
  int tiles_m;    ///< of one GEMM, of padded_m(M) rows of A
  int tiles;      ///< of all GEMMs
  int units;
  int depth;
};

/// A launch: its partition and its tensor map.
struct BatchedLaunch {
  BatchedConfig config;
  CUtensorMap a{};
  int resident = 0;  ///< CTAs that the GPU holds at once
};

/// Bytes of the activations of all GEMMs.
std::size_t activation_bytes(const GemmProblem& problem);

/// Tiles of all GEMMs.
std::int64_t batched_tiles(const GemmProblem& problem, const BatchedConfig& config);

/// Why `config` cannot run; nothing if it can.
std::optional<std::string> refusal(const GemmProblem& problem, const BatchedConfig& config);

/// What the busiest of `multiprocessors` SMs reads: bytes of weights, and those of activations for
/// what they cost beside them, because the L2 cache has them. The time of a launch grows with it.
double batched_bytes(const GemmProblem& problem, const BatchedConfig& config, int multiprocessors);

/// The `most` configurations with the least batched_bytes(), the least first, of equals those with
/// more weights in flight. Never empty.
std::vector<BatchedConfig> batched_candidates(const GemmProblem& problem, int multiprocessors,
                                              int most);

/// Lets the kernel of `problem` use its shared memory and makes the tensor map of arguments.a,
/// [batch][m][k]. Throws std::runtime_error when `config` cannot run or the driver refuses a map.
BatchedLaunch prepare_batched(const GemmProblem& problem, const BatchedConfig& config,
                              const DecodeArguments& arguments);

/// Launches; allocates nothing. D of GEMM i begins i * output_rows(m) rows behind arguments.d.
/// Throws as device::cuda::check does.
void launch_batched(const GemmProblem& problem, const BatchedLaunch& launch,
                    const DecodeArguments& arguments, cudaStream_t stream);

/// The kernel for M = m, to be launched with (CUtensorMap of A, BatchedParams). Each is defined in
/// a file of its type, batched_i8.cu and so on.
const void* batched_kernel_i8(Sparsity sparsity, std::int64_t m);
const void* batched_kernel_fp8(Sparsity sparsity, std::int64_t m);
const void* batched_kernel_bf16(Sparsity sparsity, std::int64_t m);
const void* batched_kernel_fp16(Sparsity sparsity, std::int64_t m);

}  // namespace twofour::providers::cuda::sm90
