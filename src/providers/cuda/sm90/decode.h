// The decode kernels: D[M][N] = scale_a * scale_b * (A[M][K] x W[N][K]^T) + bias for small M, 8-bit
// operands, dense and 2:4, on Hopper. W is the weight, stored with K contiguous; B of the GEMM is
// W^T. docs/cuda-kernels.md explains the design.
//
// The kernels compute D^T = W x A^T: rows of W fill the 64 rows of the matrix instruction, for
// which M would be too small, and rows of A are its columns, padded to 8, 16, 32, 64 or 128. In
// these files `m` is a row of A and of D, and `row` is a row of W, that is a column of D.
//
// K is cut into chunks (layout.h). A cluster of CTAs shares some row tiles of W; each CTA
// multiplies a part of the chunks (split-K inside the cluster), then partial sums are sent through
// distributed shared memory to the CTA that owns the row, which adds them and runs the epilogue.
#pragma once

#include <cuda.h>
#include <cuda_runtime_api.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "core/problem.h"
#include "providers/cuda/sm90/layout.h"

namespace twofour::providers::cuda::sm90 {

/// Largest M that a kernel takes.
inline constexpr int kMaxM = 128;

/// When this kernel triggers programmatic dependent launch, after which the next kernel of the
/// stream may start. The next kernel loads its own weights at once, and waits for this one to
/// finish before it reads activations.
enum class Overlap : std::uint8_t {
  kNone,    ///< never: the next kernel starts when this one has finished
  kEarly,   ///< at its start: the next kernel starts as soon as an SM has room for it
  kHalf,    ///< when half of the copies of weights that did not fit the ring at first are issued
  kLoaded,  ///< when all copies of weights are issued
};

/// "early", "half", "loaded" or "serial".
std::string_view to_string(Overlap overlap);

/// How the work is partitioned. A cluster of `ranks` CTAs computes `tiles` tiles of 64 rows of W.
/// Each CTA takes all of these rows and one part of the chunks of K. Its consumers are `groups`
/// groups of `tiles` warpgroups: a warpgroup has one row tile, and the groups take the chunks in
/// turn.
struct DecodeConfig {
  int tiles = 1;
  int ranks = 1;
  int groups = 1;
  int depth = 2;  ///< stages of the ring of weights, one chunk each; a multiple of `groups`
  int activation_depth = 2;  ///< the same of the ring of activations
  Overlap overlap = Overlap::kEarly;
  bool operator==(const DecodeConfig&) const = default;
};

/// A stable name, for example "t2_c4_g1_d8a4_early".
std::string to_string(const DecodeConfig& config);

/// The M that m is padded to, which is N of the matrix instruction: 8, 16, 32, 64 or 128.
constexpr int padded_m(std::int64_t m) {
  int padded = 8;
  while (padded < m && padded < kMaxM) padded *= 2;
  return padded;
}

/// Bytes of a piece of accumulators, 16 rows of W by 8 tokens, of one warp.
inline constexpr int kPieceOfSums = 16 * 8 * 4;

/// Which CTA of a cluster adds up which pieces. Pieces are cut by tokens: a CTA has `pieces` of
/// each warp; or, where there are fewer than CTAs, one piece of every `stride`th warp.
struct Sharing {
  int pieces;
  int stride;
};
TWOFOUR_HOST_DEVICE constexpr Sharing sharing(int m, int ranks) {
  const int all = (m + 7) / 8;
  const int pieces = (all + ranks - 1) / ranks;
  return {pieces, pieces > 1 ? 1 : ranks / all};
}

/// Tokens of a tile of D in shared memory at once, in 128 bytes each: as many as a unit has room
/// for.
inline constexpr int kStagedTokens = 64;

/// Byte offsets in a CTA's shared memory. The barriers and the ring of weights,
/// [depth][tiles][unit_bytes], come before `activations`.
struct SharedLayout {
  int activations = 0;  ///< ring [depth][row bytes of a chunk / 128][padded M][128 bytes], swizzled
  int partials = 0;     ///< [ranks * groups - 1][pieces_owned][kPieceOfSums] that this CTA receives
  /// Tiles of D on their way to memory, [tiles][kStagedTokens][128 bytes]; 0: each is where the
  /// warpgroup's last unit was.
  int staging = 0;
  int bytes = 0;
  int pieces_owned = 0;  ///< by a CTA of the cluster, at most
  /// Whether `partials` overlaps the rings, because there is no room beside them.
  bool partials_over_rings = false;
};

/// The layout; its `bytes` may exceed kMaxSharedBytes, and then `config` cannot run.
SharedLayout shared_layout(DataType type, Sparsity sparsity, int m, const DecodeConfig& config);

/// Bytes of dynamic shared memory that a CTA can have on Hopper, and that each of two and of three
/// CTAs on one SM can have.
inline constexpr int kMaxSharedBytes = 227 * 1024;
inline constexpr int kHalfSharedBytes = 113 * 1024;
inline constexpr int kThirdSharedBytes = 75 * 1024;
inline constexpr int kMaxDepth = 16;
/// Largest depth * tiles: units of weights in flight in a CTA.
inline constexpr int kMaxUnitsInFlight = 40;
/// Two warps issue copies.
inline constexpr int kProducerThreads = 64;
/// Largest tiles * groups. With the producers they must not exceed 1024 threads, and with padded
/// M = 128 the accumulators take 64 registers of each thread.
constexpr int max_warpgroups(int padded) { return padded <= 64 ? 7 : 3; }
/// For padded M = 64 there is a kernel for so many, which has more registers, beside one for all.
inline constexpr int kFewWarpgroups = 3;
/// Whether consumers keep the products of one chunk under way while they await the next. Then each
/// ring has to hold two chunks of a group.
constexpr bool pipelined(int padded, int warpgroups) {
  return padded != 64 || warpgroups <= kFewWarpgroups;
}

/// What a kernel reads and writes; pointers are device memory.
struct DecodeArguments {
  const std::uint8_t* weights = nullptr;  ///< packed W: [row tile][chunk][unit] (layout.h)
  const std::uint8_t* a = nullptr;        ///< [m][k], row-major
  void* d = nullptr;                      ///< [m][n], row-major
  const float* scale_a = nullptr;         ///< [m] or [1]
  const float* scale_b = nullptr;         ///< [n] or [1]
  const void* bias = nullptr;             ///< [n] of the output type, or null
  /// [CTAs][kPhases] times in ns (phases.h) that decode kernels write, or what prefill kernels do
  /// (prefill.h), or null.
  std::uint64_t* stamps = nullptr;
  int m = 0;
  int n = 0;
  bool scale_a_per_row = false;
  bool scale_b_per_channel = false;
  bool fp16_output = false;
};

/// A launch: the problem, its partition, and the tensor map of its activations.
struct DecodeLaunch {
  GemmProblem problem;
  DecodeConfig config;
  CUtensorMap activations{};
};

/// Lets the kernel of `problem` use `config`'s shared memory. Throws std::runtime_error when it
/// does not fit, or when no cluster of it can be resident.
void prepare_decode(const GemmProblem& problem, const DecodeConfig& config);

/// Launches; allocates nothing. Throws as device::cuda::check does.
void launch_decode(const DecodeLaunch& launch, const DecodeArguments& arguments,
                   cudaStream_t stream);

/// Packs W, b [n][k], dense or 2:4, into `packed`, which is packed_bytes() long. Rows of b must be
/// a multiple of 16 bytes. All pointers are device memory.
void pack_weights(DataType type, Sparsity sparsity, const void* b, std::int64_t n, std::int64_t k,
                  void* packed, cudaStream_t stream);

}  // namespace twofour::providers::cuda::sm90
