// The main loop of the 8-bit 2:4 kernels, in CUTLASS's terms: A is the 2:4 weight, B the
// activations. CUTLASS's own consumers wait for all matrix instructions of a k-tile before they
// load the metadata of the next one, so that the tensor cores are idle once in each k-tile. Here
// the instructions of one k-tile are always in flight while the next one is issued.
//
//   A          shared memory [stage][kTileM][kTileK / 2]
//   metadata   shared memory [stage][kTileK / 128][kTileM / 64][64 rows][16 bytes] (layout.h), then
//              registers: a word for each matrix instruction of a k-tile
//   B          shared memory [stage][kTileN][kTileK]
#pragma once

#include <cutlass/cutlass.h>
#include <cutlass/gemm/collective/collective_builder.hpp>

#include <cstdint>

#include "providers/cutlass/sm90/layout.h"

namespace twofour::providers::cutlass::sm90 {

/// `Stock` is the collective that CUTLASS's builder chose for 8-bit operands. All of it is kept
/// except the consumers' loop: tiles, layouts, copies, the producer and the pipeline.
template <class Stock>
struct SparseMainloop : Stock {
  using TiledMma = typename Stock::TiledMma;
  using TensorStorage = typename Stock::TensorStorage;
  using MainloopPipeline = typename Stock::MainloopPipeline;
  using PipelineState = typename Stock::PipelineState;
  using Metadata = typename Stock::ElementEMma;

  static constexpr int kTileM = cute::size<0>(typename Stock::TileShape{});
  static constexpr int kTileK = cute::size<2>(typename Stock::TileShape{});
  static constexpr int kWarpgroups = cute::size(TiledMma{}) / ::cutlass::NumThreadsPerWarpGroup;
  /// m and k of one matrix instruction, and how many of them a warpgroup issues for a k-tile.
  static constexpr int kRows = 64;
  static constexpr int kDepth = 64;
  static constexpr int kInstructionsM = kTileM / kRows / kWarpgroups;
  static constexpr int kInstructionsK = kTileK / kDepth;

  static_assert(sizeof(typename Stock::ElementA) == 1, "16-bit metadata lie in another order");
  static_assert(kTileM % (kRows * kWarpgroups) == 0 && kTileK % 128 == 0);

  /// A thread's metadata of one k-tile: [32 bits][kInstructionsM][kInstructionsK].
  using MetadataFragment = decltype(cute::make_tensor<Metadata>(
      cute::Shape<cute::_32, cute::Int<kInstructionsM>, cute::Int<kInstructionsK>>{}));

  /// Loads a thread's metadata of one k-tile from a stage. A word covers 32 k, half of what an
  /// instruction takes of a row: lanes 4i and 4i + 2 have the halves of row i, lanes 4i + 1 and 4i
  /// + 3 those of row i + 8.
  struct MetadataLoader {
    const unsigned char* first;  ///< this thread's first word in stage 0

    CUTLASS_DEVICE MetadataLoader(const TensorStorage& shared, int thread) {
      const int lane = thread % 32;
      const int row = lane / 4 + lane % 2 * 8 + thread / 32 % 4 * 16;
      const int warpgroup = thread / ::cutlass::NumThreadsPerWarpGroup;
      first = reinterpret_cast<const unsigned char*>(&shared.smem_E) + warpgroup * kRows * 16 +
              row * 16 + lane / 2 % 2 * 4;
    }

    CUTLASS_DEVICE void operator()(int stage, MetadataFragment& metadata) const {
      constexpr int kAtomBytes = kRows * 16;
      const unsigned char* here = first + stage * (kTileM * kTileK / 8);
      auto registers = cute::recast<std::uint32_t>(metadata);
      CUTLASS_PRAGMA_UNROLL
      for (int k = 0; k < kInstructionsK; ++k) {
        CUTLASS_PRAGMA_UNROLL
        for (int m = 0; m < kInstructionsM; ++m) {
          const int at = (k / 2 * (kTileM / kRows) + m * kWarpgroups) * kAtomBytes + k % 2 * 8;
          registers(0, m, k) = *reinterpret_cast<const std::uint32_t*>(here + at);
        }
      }
    }
  };

  /// The consumers' loop over `k_tiles` k-tiles, at least one. When it returns, the instructions of
  /// the last k-tile are still in flight: mma_tail() waits for them.
  template <class Accumulators>
  CUTLASS_DEVICE void mma(MainloopPipeline pipeline, PipelineState read, Accumulators& accumulators,
                          int k_tiles, int thread, TensorStorage& shared,
                          const typename Stock::Params& /*params*/) {
    using namespace cute;
    const Tensor weights =
        make_tensor(make_smem_ptr(shared.smem_A.begin()), typename Stock::SmemLayoutA{});
    const Tensor activations =
        make_tensor(make_smem_ptr(shared.smem_B.begin()), typename Stock::SmemLayoutB{});
    TiledMma multiply;
    const int warpgroup = __shfl_sync(0xffffffff, thread / ::cutlass::NumThreadsPerWarpGroup, 0);
    const auto part = multiply.get_thread_slice(warpgroup * ::cutlass::NumThreadsPerWarpGroup);
    const Tensor a = part.make_fragment_A(part.partition_A(weights));
    const Tensor b = part.make_fragment_B(part.partition_B(activations));
    const MetadataLoader load_metadata(shared, thread);
    PipelineState release = read;

    // Waits for a stage, loads its metadata and issues the k-tile's matrix instructions.
    const auto issue = [&](MetadataFragment& metadata) {
      pipeline.consumer_wait(read, pipeline.consumer_try_wait(read));
      const int stage = read.index();
      load_metadata(stage, metadata);
      warpgroup_fence_operand(accumulators);
      warpgroup_arrive();
      CUTLASS_PRAGMA_UNROLL
      for (int k = 0; k < kInstructionsK; ++k) {
        cute::gemm(multiply, make_zip_tensor(a(_, _, k, stage), metadata(_, _, k)),
                   b(_, _, k, stage), accumulators);
        multiply.accumulate_ = GMMA::ScaleOut::One;
      }
      warpgroup_commit_batch();
      ++read;
    };
    // Waits until only the instructions issued last are in flight, and releases the stage before.
    const auto retire_previous = [&] {
      warpgroup_wait<1>();
      warpgroup_fence_operand(accumulators);
      pipeline.consumer_release(release);
      ++release;
    };

    // Instructions in flight read metadata from registers, so k-tiles alternate between two sets.
    MetadataFragment even;
    MetadataFragment odd;
    multiply.accumulate_ = GMMA::ScaleOut::Zero;
    issue(even);
    CUTLASS_PRAGMA_NO_UNROLL
    for (--k_tiles; k_tiles > 1; k_tiles -= 2) {
      issue(odd);
      retire_previous();
      issue(even);
      retire_previous();
    }
    if (k_tiles > 0) {
      issue(odd);
      retire_previous();
    }
    warpgroup_fence_operand(accumulators);
  }

  /// Waits for the instructions of the last k-tile and releases its stage.
  CUTLASS_DEVICE void mma_tail(MainloopPipeline pipeline, PipelineState release, int k_tiles) {
    release.advance(k_tiles - 1);
    cute::warpgroup_wait<0>();
    pipeline.consumer_release(release);
  }
};

}  // namespace twofour::providers::cutlass::sm90
