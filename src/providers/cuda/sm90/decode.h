// The decode kernels: D[M][N] = scale_a * scale_b * (A x W^T) + bias for few tokens M, dense and
// 2:4, on Hopper. docs/cuda-kernels.md explains the design.
#pragma once

#include <cuda.h>
#include <cuda_runtime_api.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "core/problem.h"

namespace twofour::providers::cuda::sm90 {

/// Most tokens that a kernel takes.
inline constexpr int kMostTokens = 128;

/// When the next kernel of the stream may start (programmatic dependent launch).
enum class Overlap : std::uint8_t {
  kNone,   ///< when this one has finished
  kEarly,  ///< as soon as there is room; it streams its own weights meanwhile
  kHalf,   ///< when this one has asked for half of the weights that its ring does not hold at first
  kLoaded,  ///< when this one has asked for all of its weights
};

/// "early", "half", "loaded" or "serial".
std::string_view to_string(Overlap overlap);

/// How the work is cut. A cluster of `ranks` CTAs computes `tiles` row tiles of 64; each CTA takes
/// all of those rows and one part of K, whose chunks go round `groups` groups of `tiles`
/// warpgroups.
struct DecodeConfig {
  int tiles = 1;
  int ranks = 1;
  int groups = 1;
  int depth = 2;  ///< chunks in flight in a CTA; a multiple of `groups`
  Overlap overlap = Overlap::kEarly;
  bool operator==(const DecodeConfig&) const = default;
};

/// A stable name, for example "t2_c4_g1_d8_early".
std::string to_string(const DecodeConfig& config);

/// Tokens of the matrix instruction that serves m tokens: 8, 16, 32, 64 or 128.
constexpr int instruction_tokens(std::int64_t m) {
  int tokens = 8;
  while (tokens < m && tokens < kMostTokens) tokens *= 2;
  return tokens;
}

/// Byte offsets in a CTA's shared memory.
struct SharedLayout {
  int activations = 0;
  int partials = 0;  ///< [ranks * groups][m][rows_owned + 4] accumulators
  int vectors = 0;   ///< scale_b[rows_owned], bias[rows_owned], scale_a[m]
  int bytes = 0;
  int rows_owned = 0;  ///< rows that each CTA of a cluster finishes
  /// Partial sums lie over the rings: there is no room beside them.
  bool partials_over_rings = false;
};

/// The layout, or one whose `bytes` exceed what a CTA can have.
SharedLayout shared_layout(Sparsity sparsity, int m, const DecodeConfig& config);

/// Dynamic shared memory that a CTA of Hopper can have.
inline constexpr int kMostSharedBytes = 227 * 1024;
/// Of one of two, respectively three CTAs on an SM.
inline constexpr int kHalfSharedBytes = 113 * 1024;
inline constexpr int kThirdSharedBytes = 75 * 1024;
inline constexpr int kMostDepth = 16;
/// Depth times tiles.
inline constexpr int kMostUnitsInFlight = 40;
/// Most tiles times groups. With the copying warp they must not exceed 1024 threads, and 128 tokens
/// take 64 registers of a thread for sums.
constexpr int most_warpgroups(int instruction_tokens) { return instruction_tokens <= 64 ? 7 : 3; }

/// What a kernel reads and writes; pointers are device memory.
struct DecodeArguments {
  const std::uint8_t* weights = nullptr;  ///< packed (layout.h)
  const std::uint8_t* a = nullptr;        ///< [m][k]
  void* d = nullptr;                      ///< [m][n], row-major
  const float* scale_a = nullptr;
  const float* scale_b = nullptr;
  const void* bias = nullptr;  ///< of the output type, or null
  /// [CTAs][kPhases] times (phases.h) that the kernels write, or null.
  std::uint64_t* stamps = nullptr;
  int m = 0;
  int n = 0;
  bool scale_a_per_token = false;
  bool scale_b_per_channel = false;
  bool fp16_output = false;
};

/// The shape of the launch: what to call with which activations.
struct DecodeLaunch {
  GemmProblem problem;
  DecodeConfig config;
  CUtensorMap activations{};
};

/// Describes A [m][k] for the copy engine. `k` must be a multiple of 16. Throws std::runtime_error
/// when the driver refuses.
CUtensorMap activation_map(const void* a, std::int64_t m, std::int64_t k);

/// Lets the kernel of `problem` use `config`'s shared memory. Throws std::runtime_error when it
/// does not fit, or when no cluster of it can be resident.
void prepare_decode(const GemmProblem& problem, const DecodeConfig& config);

/// Launches; allocates nothing. Throws as device::cuda::check does.
void launch_decode(const DecodeLaunch& launch, const DecodeArguments& arguments,
                   cudaStream_t stream);

/// Packs a 2:4 or dense weight [n][k] of an 8-bit type into `packed`, packed_bytes() long; k a
/// multiple of 16.
void pack_weights(DataType type, Sparsity sparsity, const void* b, std::int64_t n, std::int64_t k,
                  void* packed, cudaStream_t stream);

}  // namespace twofour::providers::cuda::sm90
