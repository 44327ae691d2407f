// CUTLASS kernels as plain C++: the host code of the provider, and its tests, see no CUTLASS
// header.
//
// CUTLASS computes D^T = W x A^T, because the sparse operand of a matrix instruction is its first
// one. Its m is our N and its n our M: tile 128x16x256 covers 128 columns and 16 rows of D.
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

/// How the warps of a thread block share the work. WS: one output tile a block, one group of warps
/// multiplies. PP ("ping-pong"): two groups take turns with whole tiles of a persistent block. CO
/// ("cooperative"): two groups share each tile of a persistent block.
enum class Schedule : std::uint8_t { kWarpSpecialized, kPingPong, kCooperative };

/// Who hands tiles to blocks. Stream-K splits the K loops of tiles among blocks.
enum class Scheduler : std::uint8_t { kTiles, kStreamK };

/// CUTLASS's loop over K and epilogue, or our own loop of 8-bit 2:4 kernels (sparse_mainloop.cuh)
/// with CUTLASS's epilogue, the same in pieces of 128 x 64, or our own epilogue
/// (split_epilogue.cuh).
enum class Mainloop : std::uint8_t { kStock, kInFlight, kInFlightWide, kInFlightSplit };

/// What a kernel was compiled for.
struct KernelTraits {
  GpuArchitecture architecture = GpuArchitecture::kSm90;
  DataType a = DataType::kInt8;
  DataType d = DataType::kBf16;
  Sparsity sparsity = Sparsity::kDense;
  int tile_m = 0;  ///< of CUTLASS's m: columns of D
  int tile_n = 0;  ///< of CUTLASS's n: rows of D, tokens
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
  int swizzle = 1;  ///< 1, 2, 4 or 8: side of the square of tiles that is walked before the next
  Raster raster = Raster::kHeuristic;
  Decomposition decomposition = Decomposition::kHeuristic;  ///< of Scheduler::kStreamK
  int splits = 1;                                           ///< of Decomposition::kSplitK
  /// The kernel may start before its predecessor on the stream has ended, and waits for that before
  /// it reads ("programmatic dependent launch").
  bool programmatic = false;
  bool operator==(const Tactic&) const = default;
};

/// " swizzle=4 raster=n streamk pdl": what differs from the default, empty for the default.
std::string to_string(const Tactic& tactic);

/// One problem in device memory. Weights are [N][K] row-major, or for 2:4 [N][K/2] with the
/// metadata of layout.h.
struct GemmArguments {
  GemmShape shape;
  const void* weights = nullptr;
  const void* metadata = nullptr;     ///< null for dense
  const void* activations = nullptr;  ///< [M][K] row-major
  void* d = nullptr;                  ///< [M][N] row-major
  const float* scale_a = nullptr;     ///< [M] or [1]
  const float* scale_b = nullptr;     ///< [N] or [1]
  bool scale_a_per_row = false;
  bool scale_b_per_column = false;
  const void* bias = nullptr;  ///< [N] of D's type, or null
};

/// A kernel with all its parameters, ready to be launched any number of times.
class PreparedLaunch {
 public:
  virtual ~PreparedLaunch() = default;
  /// Enqueues the kernel, after a reset of its barriers in the workspace where it has some.
  /// Throws std::runtime_error or device::DeviceLost.
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
