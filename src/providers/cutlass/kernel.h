// CUTLASS kernels as plain C++: the host code of the provider, and its tests, see no CUTLASS
// header.
//
// CUTLASS computes D^T = W x A^T, W being the weight [N][K], because the sparse operand of a matrix
// instruction is its first one. So CUTLASS's A is W, its B is A, its m is N and its n is M: tile
// 128x16x256 covers 128 columns and 16 rows of D. Members named tile_m, tile_n, cluster_m and
// cluster_n are in CUTLASS's terms; all else is in terms of the GEMM.
#pragma once

#include <cuda_runtime_api.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "core/gpu_architecture.h"
#include "core/problem.h"

namespace twofour::providers::cutlass {

/// How the warps of a CTA share the work; in all of them a producer warp issues the TMA copies. WS
/// (warp specialised): a CTA computes one output tile with one consumer warpgroup. PP
/// ("ping-pong"): a persistent CTA whose two consumer warpgroups compute whole tiles in turn. CO
/// ("cooperative"): a persistent CTA whose two consumer warpgroups share each tile.
enum class Schedule : std::uint8_t { kWarpSpecialized, kPingPong, kCooperative };

/// How tiles are assigned to CTAs: whole tiles, or stream-K, which splits the K loops of tiles
/// between CTAs.
enum class Scheduler : std::uint8_t { kTiles, kStreamK };

/// The main loop and the epilogue. kStock: both are CUTLASS's. The others have our main loop for
/// 8-bit 2:4 operands (sm90/sparse_mainloop.cuh), with CUTLASS's epilogue (kInFlight), the same in
/// subtiles of 128 x 64 (kInFlightWide), or our epilogue (kInFlightSplit, sm90/split_epilogue.cuh).
enum class Mainloop : std::uint8_t { kStock, kInFlight, kInFlightWide, kInFlightSplit };

/// What a kernel was compiled for.
struct KernelTraits {
  GpuArchitecture architecture = GpuArchitecture::kSm90;
  DataType a = DataType::kInt8;
  DataType d = DataType::kBf16;
  Sparsity sparsity = Sparsity::kDense;
  int tile_m = 0;  ///< columns of D
  int tile_n = 0;  ///< rows of D
  int tile_k = 0;
  int cluster_m = 1;
  int cluster_n = 1;
  Schedule schedule = Schedule::kWarpSpecialized;
  Scheduler scheduler = Scheduler::kTiles;
  Mainloop mainloop = Mainloop::kStock;
};

/// "128x256x128_CO_c21_sk".
std::string to_string(const KernelTraits& traits);

enum class Raster : std::uint8_t { kHeuristic, kAlongM, kAlongN };
enum class Decomposition : std::uint8_t { kHeuristic, kSplitK, kStreamK };

/// What can be chosen when a kernel is launched.
struct Tactic {
  /// Rasterisation: tiles are taken in blocks of `swizzle` (1, 2, 4 or 8) tiles across the raster
  /// direction.
  int swizzle = 1;
  Raster raster = Raster::kHeuristic;
  Decomposition decomposition = Decomposition::kHeuristic;  ///< of Scheduler::kStreamK
  int splits = 1;                                           ///< of Decomposition::kSplitK
  /// Programmatic dependent launch: the kernel may start before the previous one of the stream has
  /// finished, and waits for that before it reads.
  bool programmatic = false;
  bool operator==(const Tactic&) const = default;
};

/// " swizzle=4 raster=n streamk pdl": what differs from the default, empty for the default.
std::string to_string(const Tactic& tactic);

/// One problem in device memory. Weights are [N][K] row-major, or for 2:4 values and metadata as in
/// layout.h, where K may be padded beyond that of the activations.
struct GemmArguments {
  int gpu = 0;              ///< ordinal of the GPU, which is the calling thread's current one
  int multiprocessors = 0;  ///< SMs of it
  GemmShape shape;
  const void* weights = nullptr;
  const void* metadata = nullptr;     ///< as in sm90/layout.h; null for dense
  const void* activations = nullptr;  ///< [M][K] row-major
  void* d = nullptr;                  ///< [M][N] row-major
  const float* scale_a = nullptr;     ///< [M] or [1]
  const float* scale_b = nullptr;     ///< [N] or [1]
  bool scale_a_per_row = false;
  bool scale_b_per_column = false;
  const void* bias = nullptr;  ///< [N] of D's type, or null
};

/// A kernel with all its parameters; can be launched any number of times.
class PreparedLaunch {
 public:
  virtual ~PreparedLaunch() = default;
  /// Enqueues the kernel, after a reset of its barriers in the workspace if it has any (stream-K).
  /// Throws as device::cuda::check() does.
  virtual void launch(cudaStream_t stream) = 0;
};

/// One compiled kernel.
class Kernel {
 public:
  virtual ~Kernel() = default;
  [[nodiscard]] virtual const KernelTraits& traits() const = 0;
  /// Whether CUTLASS takes arguments of this shape; looks at no pointer and needs no GPU.
  [[nodiscard]] virtual bool can_implement(const GemmShape& shape) const = 0;
  /// Bytes of workspace for a launch. Needs a GPU.
  [[nodiscard]] virtual std::size_t workspace_bytes(const GemmArguments& arguments,
                                                    const Tactic& tactic) const = 0;
  /// Needs a GPU. Throws std::runtime_error when the kernel cannot be set up on it.
  [[nodiscard]] virtual std::unique_ptr<PreparedLaunch> prepare(const GemmArguments& arguments,
                                                                const Tactic& tactic,
                                                                void* workspace) const = 0;
};

/// A way to compute a problem.
struct Candidate {
  const Kernel* kernel = nullptr;
  Tactic tactic;
};

/// "128x256x128_CO_c21_sk swizzle=4": what the tuning file and Operation::algorithm() call it.
std::string name_of(const Candidate& candidate);

/// Every compiled kernel, in the order of kernel_list.txt.
std::span<const Kernel* const> kernels();

}  // namespace twofour::providers::cutlass
