// The loop for many rows of A: the panels of B are cut into blocks of k-steps, and each block is
// multiplied with a chunk of rows. While one block is being multiplied, the next one is produced:
// 2:4 weights are expanded into dense tiles in scratch memory, and weights still in memory are
// prefetched. The order of the blocks is in rasterisation.h.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "providers/cpu/amx/accumulators.h"
#include "providers/cpu/amx/deferred_epilogue.h"
#include "providers/cpu/amx/gemm_args.h"
#include "providers/cpu/amx/k_order.h"
#include "providers/cpu/amx/panel.h"
#include "providers/cpu/amx/rasterisation.h"

namespace twofour::providers::cpu::amx {

/// One thread's share, with A packed in row blocks of kBlockRows. `Unit` is what multiplies and
/// expands: HardwareUnit, or an emulation with the same members.
///
/// Scratch memory:
///   dense tiles   [2 blocks][kMaxBlockSteps][kTilesPerStep][1 KiB]   the block being multiplied
///   and
///                                                                    the one being produced
///   accumulators  [panel of a group][row of a chunk][32 columns]     int32 or float32; kept here
///                                                                    between blocks of k-steps
template <class Unit, class Element, Sparsity kSparsity>
class BlockedGemm {
 public:
  using Accumulator = AccumulatorOf<Element>;

  explicit BlockedGemm(const GemmArgs& args)
      : args_(args), accumulators_(reinterpret_cast<Accumulator*>(args.scratch + kDenseBytes)) {}

  template <class Epilogue>
  void run(Epilogue& epilogue) {
    Rasterisation order({.m = args_.m, .panels = args_.panel_count, .k_steps = args_.k_steps});
    group_panels_ = order.group_panels();
    chunk_rows_ = order.chunk_rows();
    // A pipeline of three stages: multiply `block`, expand `next`, prefetch `later`. Dense weights
    // need no expansion, so there `next` itself is prefetched.
    Block next = order.next();
    Block later = order.next();
    BlockProducer(*this, next, kExpands ? later : next, 1).drain();
    Deferred<Epilogue> deferred(epilogue, {}, 1);
    while (next.steps() > 0) {
      const Block block = next;
      next = later;
      later = order.next();
      BlockProducer producer(*this, next, kExpands ? later : next,
                             (block.rows + kBlockRows - 1) / kBlockRows);
      for (std::int64_t row = 0; row < block.rows; row += kBlockRows) {
        const std::int64_t rows = std::min<std::int64_t>(kBlockRows, block.rows - row);
        if (rows > kTileRows) {
          multiply_rows<2>(block, row, rows, producer, deferred, epilogue);
        } else {
          multiply_rows<1>(block, row, rows, producer, deferred, epilogue);
        }
      }
      producer.drain();
    }
    deferred.drain();
    Unit::release();
  }

 private:
  static constexpr auto kPackedBytes =
      static_cast<std::int64_t>(TileLayout<Element>::tile_bytes(kSparsity));
  static constexpr bool kExpands = kSparsity == Sparsity::kTwoFour;
  template <class Epilogue>
  using Deferred = DeferredEpilogue<Accumulator, Epilogue>;

  /// Packed tile `tile` of k-step `step`, counted from the start of the block's panel.
  [[nodiscard]] const std::byte* packed_tile(const Block& block, std::int64_t step,
                                             int tile) const {
    return args_.panels +
           ((block.panel * args_.k_steps + step) * kTilesPerStep + tile) * kPackedBytes;
  }
  /// The dense tiles of k-step `step`, counted from the start of block `index`. Blocks alternate
  /// between the two halves of the dense scratch memory.
  [[nodiscard]] std::byte* dense_step(std::int64_t index, std::int64_t step) const {
    return args_.scratch + (index % 2 * kMaxBlockSteps + step) * (kTilesPerStep * kTileBytes);
  }

  /// Expands block `next` and prefetches block `later` in work items of half a tile, spread evenly
  /// over the k-steps of the block that is being multiplied: expansion runs on vector ports while
  /// the tile unit is busy. A block is prefetched in several runs in turn (k_order.h).
  class BlockProducer {
   public:
    /// `row_blocks`: row blocks of the block being multiplied; each one passes over all its
    /// k-steps.
    BlockProducer(const BlockedGemm& gemm, const Block& next, const Block& later,
                  std::int64_t row_blocks)
        : gemm_(gemm),
          next_(next),
          later_(later),
          row_blocks_(row_blocks),
          end_(kHalvesPerStep * std::max(next.steps(), later.steps())) {}

    /// Does the share of the work that belongs to one k-step of one row block.
    [[gnu::always_inline]] void advance() {
      for (credit_ += kHalvesPerStep; credit_ >= row_blocks_; credit_ -= row_blocks_) {
        produce_half();
      }
    }
    /// Does all that is left.
    void drain() {
      while (done_ < end_) produce_half();
    }

   private:
    static constexpr std::int64_t kHalvesPerStep = kTilesPerStep * kHalvesPerTile;

    [[gnu::always_inline]] void produce_half() {
      if (done_ == end_) return;
      const std::int64_t i = done_++;
      if (const std::int64_t halves = kHalvesPerStep * later_.steps(); i < halves) {
        constexpr std::int64_t kShare = kPackedBytes / kHalvesPerTile;
        prefetch<kShare, kIntoSecondLevel>(gemm_.packed_tile(later_, later_.begin, 0) +
                                           piece_in_runs(i, halves) * kShare);
      }
      if constexpr (kExpands) {
        const std::int64_t step = i / kHalvesPerStep;
        const int tile = static_cast<int>(i / kHalvesPerTile % kTilesPerStep);
        const int half = static_cast<int>(i % kHalvesPerTile);
        if (step >= next_.steps()) return;
        Unit::template expand_half<Element>(
            gemm_.packed_tile(next_, next_.begin + step, tile), half,
            gemm_.dense_step(next_.index, step) + std::int64_t{tile} * kTileBytes);
      }
    }

    const BlockedGemm& gemm_;
    const Block& next_;
    const Block& later_;
    std::int64_t row_blocks_;
    std::int64_t end_;         ///< halves of tiles to produce
    std::int64_t done_ = 0;    ///< halves produced so far
    std::int64_t credit_ = 0;  ///< work that is due, in halves times row_blocks_
  };

  /// Row block [row, row + rows) of the chunk times one block of k-steps. Tile registers hold the
  /// accumulators; between blocks of k-steps they are in scratch memory.
  template <int kRowTiles, class Epilogue>
  void multiply_rows(const Block& block, std::int64_t row, std::int64_t rows,
                     BlockProducer& producer, Deferred<Epilogue>& deferred, Epilogue& epilogue) {
    using Registers = AccumulatorTiles<Unit, Element, kRowTiles>;
    if (const std::int64_t tile_rows = std::min<std::int64_t>(rows, kTileRows);
        tile_rows != configured_rows_) {
      Registers::configure(rows);
      configured_rows_ = tile_rows;
    }
    const Registers registers(rows);
    Accumulator* accumulators =  // [rows][32 columns]
        accumulators_ + (block.panel % group_panels_ * chunk_rows_ + row) * kPanelColumns;
    if (block.begin == 0) {
      registers.zero();
    } else {
      registers.load(accumulators);
    }
    const std::int64_t a_row = block.first_row + row;
    const std::byte* a =  // [k-steps][rows][64 bytes]
        args_.a + (a_row * args_.k_steps + block.begin * rows) * kTileRowBytes;
    for (std::int64_t step = 0; step < block.steps(); ++step, a += rows * kTileRowBytes) {
      if constexpr (kExpands) {
        registers.add(a, dense_step(block.index, step), kTileBytes, [](int) {});
      } else {
        registers.add(a, packed_tile(block, block.begin + step, 0), kPackedBytes, [](int) {});
      }
      producer.advance();
      deferred.advance();
    }
    deferred.drain();
    registers.store(accumulators);
    if (block.end == args_.k_steps) {
      deferred = {epilogue, {block.panel, a_row, rows, accumulators}, block.steps()};
    }
  }

  GemmArgs args_;
  Accumulator* accumulators_;
  std::int64_t configured_rows_ = 0;  ///< of a tile register; 0: not configured yet
  std::int64_t group_panels_ = 1;
  std::int64_t chunk_rows_ = 0;
};

}  // namespace twofour::providers::cpu::amx
