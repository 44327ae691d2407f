// The K loop of the 8-bit 2:4 kernels. CUTLASS's own waits for all matrix instructions of a tile of
// K before it reads the metadata of the next tile, so that the tensor cores run dry once a tile.
// Here the instructions of one tile are always in flight while the next tile is made ready.
#pragma once

#include <cutlass/cutlass.h>
#include <cutlass/gemm/collective/collective_builder.hpp>

#include <cstdint>

#include "providers/cutlass/sm90/layout.h"

namespace twofour::providers::cutlass::sm90 {

/// `Stock` is the collective that CUTLASS's builder chose for 8-bit operands; everything but the
/// consumers' loop is left as it is: tiles, layouts, copies and the pipeline.
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
  /// Rows and depth of one matrix instruction.
  static constexpr int kRows = 64;
  static constexpr int kDepth = 64;
  static constexpr int kInstructionsM = kTileM / kRows / kWarpgroups;
  static constexpr int kInstructionsK = kTileK / kDepth;

  static_assert(sizeof(typename Stock::ElementA) == 1, "16-bit metadata lie in another order");
  static_assert(kTileM % (kRows * kWarpgroups) == 0 && kTileK % 128 == 0);

  /// The metadata that a thread gives to the instructions of one tile: a word for each.
  using Words = decltype(cute::make_tensor<Metadata>(
      cute::Shape<cute::_32, cute::Int<kInstructionsM>, cute::Int<kInstructionsK>>{}));

  /// Where a thread's words lie in a stage: 16 bytes a row of 128 elements of K, 64 rows an atom
  /// (layout.h). A thread has half of the 64 elements that an instruction takes of one row: lanes
  /// 4i and 4i + 2 the halves of row i, lanes 4i + 1 and 4i + 3 those of row i + 8.
  struct WordReader {
    const unsigned char* first;

    CUTLASS_DEVICE WordReader(const TensorStorage& shared, int thread) {
      const int lane = thread % 32;
      const int row = lane / 4 + lane % 2 * 8 + thread / 32 % 4 * 16;
      const int warpgroup = thread / ::cutlass::NumThreadsPerWarpGroup;
      first = reinterpret_cast<const unsigned char*>(&shared.smem_E) + warpgroup * kRows * 16 +
              row * 16 + lane / 2 % 2 * 4;
    }

    CUTLASS_DEVICE void operator()(int stage, Words& words) const {
      constexpr int kAtomBytes = kRows * 16;
      const unsigned char* here = first + stage * (kTileM * kTileK / 8);
      auto registers = cute::recast<std::uint32_t>(words);
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

  /// The consumers' loop over `tiles` tiles of K, at least one. At its end the instructions of the
  /// last tile are still in flight: mma_tail() waits for them.
  template <class Accumulators>
  CUTLASS_DEVICE void mma(MainloopPipeline pipeline, PipelineState read, Accumulators& sums,
                          int tiles, int thread, TensorStorage& shared,
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
    const WordReader read_words(shared, thread);
    PipelineState release = read;

    const auto issue = [&](Words& words) {
      pipeline.consumer_wait(read, pipeline.consumer_try_wait(read));
      const int stage = read.index();
      read_words(stage, words);
      warpgroup_fence_operand(sums);
      warpgroup_arrive();
      CUTLASS_PRAGMA_UNROLL
      for (int k = 0; k < kInstructionsK; ++k) {
        cute::gemm(multiply, make_zip_tensor(a(_, _, k, stage), words(_, _, k)), b(_, _, k, stage),
                   sums);
        multiply.accumulate_ = GMMA::ScaleOut::One;
      }
      warpgroup_commit_batch();
      ++read;
    };
    const auto retire_previous = [&] {
      warpgroup_wait<1>();
      warpgroup_fence_operand(sums);
      pipeline.consumer_release(release);
      ++release;
    };

    // Instructions in flight read their words from registers, so the next tile's need others.
    Words even;
    Words odd;
    multiply.accumulate_ = GMMA::ScaleOut::Zero;
    issue(even);
    CUTLASS_PRAGMA_NO_UNROLL
    for (--tiles; tiles > 1; tiles -= 2) {
      issue(odd);
      retire_previous();
      issue(even);
      retire_previous();
    }
    if (tiles > 0) {
      issue(odd);
      retire_previous();
    }
    warpgroup_fence_operand(sums);
  }

  /// Waits for the last tile's instructions and gives its stage back.
  CUTLASS_DEVICE void mma_tail(MainloopPipeline pipeline, PipelineState release, int tiles) {
    release.advance(tiles - 1);
    cute::warpgroup_wait<0>();
    pipeline.consumer_release(release);
  }
};

}  // namespace twofour::providers::cutlass::sm90
