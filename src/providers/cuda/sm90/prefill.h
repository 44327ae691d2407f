// The prefill kernels, host side: D[M][N] as decode.h has it for many tokens and 2:4 weights, on
// Hopper. They read the same packed weights as the decode kernels (layout.h).
// docs/cuda-kernels.md explains the design.
//
// A CTA computes tiles of kPrefillRows rows of W (columns of D) by `tokens` rows of A. A cluster of
// `ranks` CTAs computes tiles side by side along W, so its CTAs share the activations: each loads
// a part of them and multicasts it to all.
#pragma once

#include <cuda.h>
#include <cuda_runtime_api.h>

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/problem.h"
#include "core/rounding.h"
#include "providers/cuda/sm90/decode.h"
#include "providers/cuda/sm90/layout.h"

namespace twofour::providers::cuda::sm90 {

/// Units of 64 rows of W in a tile, each multiplied by one warpgroup.
inline constexpr int kPrefillUnits = 2;
inline constexpr int kPrefillRows = kPrefillUnits * kUnitRows;
/// Two warpgroups multiply, a third one issues the copies.
inline constexpr int kPrefillThreads = (kPrefillUnits + 1) * 128;

/// Tokens of a TMA store of D.
inline constexpr int kStoredTokens = 16;

/// `tokens` of a tile that there are kernels for.
inline constexpr int kPrefillTokens[] = {64, 96, 128, 160, 176, 192, 208, 224, 256};

/// How the work is partitioned.
struct PrefillConfig {
  int tokens = 256;  ///< of a tile: one of kPrefillTokens
  int ranks = 2;     ///< CTAs of a cluster, 1 or 2
  /// Tiles are computed in groups of this many along M: all rows of W for one group, then the next
  /// group. CTAs that run at the same time then read the same parts of A and W from the L2 cache.
  int group = 8;
  /// Whether the two CTAs of a cluster compute a tile of the last wave together, a half of K each,
  /// where a wave of such halves suffices. They then add in another order than for a whole tile.
  bool split = false;
  bool operator==(const PrefillConfig&) const = default;
};

/// A stable name, for example "n256_c2_g8" or "n256_c2_g8_split".
std::string to_string(const PrefillConfig& config);

/// Whether kernels for `tokens` and `ranks` can split tiles: halves of tiles are whole TMA stores.
constexpr bool can_split(int tokens, int ranks) {
  return ranks == 2 && tokens % (2 * kStoredTokens) == 0;
}

/// Byte offsets in a CTA's shared memory of a kernel for `tokens`:
///   [barriers][weights: slots x units][activations: slots x tokens x 128][pieces of D][scale_a]
struct PrefillLayout {
  static constexpr int kBarriers = 1024;
  /// Tokens of a piece of D, which is [tokens][64 rows] 16-bit values, swizzled, of one warpgroup.
  static constexpr int kPieceTokens = 64;
  static constexpr int kPieceBytes = kPieceTokens * kRowBytes;
  static constexpr int kPieceSlots = 2;  ///< of each warpgroup
  static constexpr int kMaxActivationSlots = 8;

  int weight_slots;      ///< of one chunk of K each, with room for the largest unit of all types
  int activation_slots;  ///< of half a chunk, 128 bytes of a row, each
  int activations;
  int pieces;
  int scales;  ///< scale_a [of this tile, of the next one][warpgroup][256]
  int bytes;
};

constexpr PrefillLayout prefill_layout(int tokens) {
  using L = PrefillLayout;
  constexpr int kSlot = kPrefillUnits * (kValueBytes + metadata_bytes(DataType::kInt8));
  constexpr int kPieces = kPrefillUnits * L::kPieceSlots * L::kPieceBytes;
  constexpr int kScales = 2 * kPrefillUnits * 256 * 4;
  L layout{};
  layout.weight_slots = tokens > 208 ? 3 : 4;
  layout.activations = L::kBarriers + layout.weight_slots * kSlot;
  const int room = kMaxSharedBytes - layout.activations - kPieces - kScales;
  layout.activation_slots = std::min(room / (tokens * kRowBytes), L::kMaxActivationSlots);
  layout.pieces = layout.activations + layout.activation_slots * tokens * kRowBytes;
  layout.scales = layout.pieces + kPieces;
  layout.bytes = layout.scales + kScales;
  return layout;
}

/// What the host passes to a prefill kernel, beside the tensor maps of A and D.
struct PrefillParams {
  DecodeArguments io;  ///< without `a`
  int chunks;          ///< of K
  int row_tiles;       ///< tiles of 64 rows in the packed weight
  int clusters_n;      ///< tiles of ranks * kPrefillRows rows of W
  int tiles_m;         ///< tiles of `tokens` rows of A
  int group;
  int whole_tiles;  ///< of the clusters; those after them are split
  int work;         ///< whole tiles, and halves of split ones
};

/// A launch: its partition and its tensor maps.
struct PrefillLaunch {
  PrefillConfig config;
  CUtensorMap a{};
  CUtensorMap d{};        ///< unset where rows of D are not multiples of 16 bytes
  int resident_clusters;  ///< that the GPU holds at once
};

/// Whether there is a prefill kernel for the types and the sparsity of `problem`.
bool has_prefill(const GemmProblem& problem);

/// Clusters' widths that N takes, and tiles of tokens that M takes.
int prefill_clusters_n(std::int64_t n, const PrefillConfig& config);
int prefill_tiles_m(std::int64_t m, const PrefillConfig& config);

/// How many of `tiles` tiles are computed whole, with `clusters` at once. The others, two parts of
/// ranks * kPrefillRows / 2 rows each, are split, all of them in one wave.
std::int64_t prefill_whole_tiles(const GemmProblem& problem, const PrefillConfig& config,
                                 std::int64_t tiles, int clusters);

/// Why `config` cannot run; nothing if it can.
std::optional<std::string> refusal(const GemmProblem& problem, const PrefillConfig& config);

/// What a launch with `config` should take, in cycles of an SM, with operands in the L2 cache. The
/// figures in it are measured (docs/log/cuda-prefill.md).
double prefill_cycles(const GemmProblem& problem, const PrefillConfig& config, int multiprocessors);

/// The `most` configurations with the lowest prefill_cycles(), the lowest first. None where
/// has_prefill() is false.
std::vector<PrefillConfig> prefill_candidates(const GemmProblem& problem, int multiprocessors,
                                              int most);

/// Lets the kernel of `problem` use its shared memory and makes its tensor maps. Throws
/// std::runtime_error when `config` does not fit, when no cluster of it can be resident, or when
/// the driver refuses a map.
PrefillLaunch prepare_prefill(const GemmProblem& problem, const PrefillConfig& config,
                              const DecodeArguments& arguments);

/// Launches; allocates nothing. Throws as device::cuda::check does.
void launch_prefill(const GemmProblem& problem, const PrefillLaunch& launch,
                    const DecodeArguments& arguments, cudaStream_t stream);

/// Stamps that a prefill kernel writes when DecodeArguments::stamps is not null: [CTA][warpgroup]
/// [kStampedTiles][kTileStamps] readings of the SM's clock.
inline constexpr int kStampedTiles = 4;
/// The tile is begun, its first operands are there, its products are done, its epilogue is done.
inline constexpr int kTileStamps = 4;

/// The kernel for tiles of `tokens` and clusters of `ranks`, to be launched with (CUtensorMap of A,
/// CUtensorMap of D, PrefillParams); null where there is none. Each is defined in a file of its
/// type.
const void* prefill_kernel_i8(int tokens, int ranks);
const void* prefill_kernel_fp8(int tokens, int ranks);
const void* prefill_kernel_bf16(int tokens, int ranks);
const void* prefill_kernel_fp16(int tokens, int ranks);

}  // namespace twofour::providers::cuda::sm90
