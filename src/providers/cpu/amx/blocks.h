// Many rows: blocks of k-steps; while one is multiplied, the next is made ready.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "providers/cpu/amx/finishing.h"
#include "providers/cpu/amx/panel.h"
#include "providers/cpu/amx/product_args.h"
#include "providers/cpu/amx/sums.h"
#include "providers/cpu/amx/walk.h"

namespace twofour::providers::cpu::amx {

/// Rows packed in blocks of kBlockRows.
template <class Unit, class Element, Sparsity kSparsity>
class Blocks {
 public:
  using Sum = SumOf<Element>;

  explicit Blocks(const ProductArgs& args)
      : args_(args), sums_(reinterpret_cast<Sum*>(args.scratch + kDenseBytes)) {}

  template <class Finish>
  void run(Finish& finish) {
    Walk walk({.m = args_.m, .panels = args_.panel_count, .k_steps = args_.k_steps});
    group_panels_ = walk.group_panels();
    chunk_rows_ = walk.chunk_rows();
    Block next = walk.next();
    Block later = walk.next();
    Preparation(*this, next, kExpands ? later : next, 1).finish();
    Pending<Finish> pending(finish, {}, 1);
    while (next.steps() > 0) {
      const Block block = next;
      next = later;
      later = walk.next();
      Preparation preparation(*this, next, kExpands ? later : next,
                              (block.rows + kBlockRows - 1) / kBlockRows);
      for (std::int64_t row = 0; row < block.rows; row += kBlockRows) {
        const std::int64_t rows = std::min<std::int64_t>(kBlockRows, block.rows - row);
        if (rows > kTileRows) {
          multiply_rows<2>(block, row, rows, preparation, pending, finish);
        } else {
          multiply_rows<1>(block, row, rows, preparation, pending, finish);
        }
      }
      preparation.finish();
    }
    pending.finish();
    Unit::release();
  }

 private:
  static constexpr auto kPackedBytes =
      static_cast<std::int64_t>(TileLayout<Element>::tile_bytes(kSparsity));
  static constexpr bool kExpands = kSparsity == Sparsity::kTwoFour;
  template <class Finish>
  using Pending = Finishing<Sum, Finish>;

  [[nodiscard]] const std::byte* packed_tile(const Block& block, std::int64_t step,
                                             int tile) const {
    return args_.panels + ((block.panel * args_.k_steps + step) * kStepTiles + tile) * kPackedBytes;
  }
  /// The dense tiles of block `index`'s step `step` of its own, both tiles.
  [[nodiscard]] std::byte* dense_step(std::int64_t index, std::int64_t step) const {
    return args_.scratch + (index % 2 * kMaxBlockSteps + step) * (kStepTiles * kTileBytes);
  }

  /// Making block `next` ready and asking memory for block `later`, half tile by half tile, spread
  /// over the multiplications of another.
  class Preparation {
   public:
    Preparation(const Blocks& product, const Block& next, const Block& later,
                std::int64_t row_blocks)
        : product_(product),
          next_(next),
          later_(later),
          row_blocks_(row_blocks),
          end_(kHalvesOfStep * std::max(next.steps(), later.steps())) {}

    /// Does the share that falls to one multiplication.
    [[gnu::always_inline]] void advance() {
      for (credit_ += kHalvesOfStep; credit_ >= row_blocks_; credit_ -= row_blocks_) one();
    }
    void finish() {
      while (done_ < end_) one();
    }

   private:
    static constexpr std::int64_t kHalvesOfStep = kStepTiles * kHalvesPerTile;

    [[gnu::always_inline]] void one() {
      if (done_ == end_) return;
      const std::int64_t step = done_ / kHalvesOfStep;
      const int tile = static_cast<int>(done_ / kHalvesPerTile % kStepTiles);
      const int half = static_cast<int>(done_ % kHalvesPerTile);
      ++done_;
      if (step < later_.steps()) {
        constexpr std::int64_t kShare = kPackedBytes / kHalvesPerTile;
        prefetch<kShare, kIntoSecondLevel>(product_.packed_tile(later_, later_.begin + step, tile) +
                                           half * kShare);
      }
      if constexpr (kExpands) {
        if (step >= next_.steps()) return;
        Unit::template expand_half<Element>(
            product_.packed_tile(next_, next_.begin + step, tile), half,
            product_.dense_step(next_.index, step) + std::int64_t{tile} * kTileBytes);
      }
    }

    const Blocks& product_;
    const Block& next_;
    const Block& later_;
    std::int64_t row_blocks_;
    std::int64_t end_;
    std::int64_t done_ = 0;
    std::int64_t credit_ = 0;
  };

  template <int kRowTiles, class Finish>
  void multiply_rows(const Block& block, std::int64_t row, std::int64_t rows,
                     Preparation& preparation, Pending<Finish>& pending, Finish& finish) {
    using Registers = TileSums<Unit, Element, kRowTiles>;
    if (const std::int64_t tile_rows = std::min<std::int64_t>(rows, kTileRows);
        tile_rows != configured_rows_) {
      Registers::configure(rows);
      configured_rows_ = tile_rows;
    }
    const Registers registers(rows);
    Sum* sums = sums_ + (block.panel % group_panels_ * chunk_rows_ + row) * kPanelColumns;
    if (block.begin == 0) {
      registers.zero();
    } else {
      registers.load(sums);
    }
    const std::int64_t a_row = block.first_row + row;
    const std::byte* a = args_.a + (a_row * args_.k_steps + block.begin * rows) * kTileRowBytes;
    for (std::int64_t step = 0; step < block.steps(); ++step, a += rows * kTileRowBytes) {
      if constexpr (kExpands) {
        registers.add(a, dense_step(block.index, step), kTileBytes, [](int) {});
      } else {
        registers.add(a, packed_tile(block, block.begin + step, 0), kPackedBytes, [](int) {});
      }
      preparation.advance();
      pending.advance();
    }
    pending.finish();
    registers.store(sums);
    if (block.end == args_.k_steps) {
      pending = {finish, {block.panel, a_row, rows, sums}, block.steps()};
    }
  }

  ProductArgs args_;
  Sum* sums_;
  std::int64_t configured_rows_ = 0;
  std::int64_t group_panels_ = 1;
  std::int64_t chunk_rows_ = 0;
};

}  // namespace twofour::providers::cpu::amx
