// Activations times packed panels on AMX tiles. AMX has no sparse instruction: a 2:4 kernel expands
// its weights into dense tiles while the tile unit multiplies earlier ones, so it wins where weight
// bytes decide and can at best tie where multiplication does.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <type_traits>

#include "providers/cpu/amx/panel.h"

#pragma GCC push_options
#pragma GCC target("avx512f,avx512bw,avx512vl,avx512vbmi2")

namespace twofour::providers::cpu::amx {

inline constexpr std::size_t kDenseStepBytes = std::size_t{kTilesPerStep} * kTileBytes;

/// k-steps that are multiplied with all rows before the next ones are looked at. Their dense tiles
/// (64 KiB) stay in the second-level cache.
inline constexpr int kBlockSteps = 32;
/// How far ahead of the reading position packed weights are asked for.
inline constexpr std::int64_t kPrefetchBytes = 8192;
/// Steps between expanding a tile and loading it: a tile load must not wait for a store in flight.
inline constexpr int kExpandAhead = 2;
inline constexpr int kRingSteps = 2 * kExpandAhead;

/// Bytes of 64-byte aligned scratch memory that one thread needs.
inline constexpr std::size_t kScratchBytes = std::size_t{2} * kBlockSteps * kDenseStepBytes;
static_assert(kRingSteps <= 2 * kBlockSteps);

/// What one thread multiplies: `panel_count` consecutive packed panels with all rows of A.
struct ProductArgs {
  const std::byte* panels = nullptr;
  std::int64_t panel_count = 0;
  std::int64_t k_steps = 0;      ///< of a panel
  const std::byte* a = nullptr;  ///< m rows as pack_rows makes them
  std::int64_t m = 0;
  std::byte* scratch = nullptr;  ///< kScratchBytes, 64-byte aligned
  void* sums = nullptr;          ///< [m][32] int32 or float32: the panel in hand
};

template <class Unit, class Element, Sparsity kSparsity>
class Product {
 public:
  using Layout = TileLayout<Element>;
  using Sum = std::conditional_t<sizeof(Element) == 1, std::int32_t, float>;
  static constexpr std::int64_t kStepBytes = Layout::step_bytes(kSparsity);
  static constexpr bool kExpands = kSparsity == Sparsity::kTwoFour;

  explicit Product(const ProductArgs& args)
      : args_(args), total_steps_(args.panel_count * args.k_steps) {}

  /// Calls `finish(panel_index)` whenever the sums of a panel are complete.
  template <class Finish>
  void run(Finish finish) {
    if (args_.m <= kBlockRows) {
      run_few_rows(finish);
    } else {
      run_many_rows(finish);
    }
    Unit::release();
    configured_rows_ = 0;
  }

 private:
  // Tile registers: sums of (row tile, column tile), two row tiles of A, two column tiles of B.
  static constexpr int kC00 = 0, kC01 = 1, kC10 = 2, kC11 = 3, kA0 = 4, kA1 = 5, kB0 = 6, kB1 = 7;

  void configure(std::int64_t rows) {
    if (rows == configured_rows_) return;
    configured_rows_ = rows;
    TileConfig config;
    const auto set = [&](int tile, std::int64_t tile_rows) {
      config.rows[static_cast<std::size_t>(tile)] = static_cast<std::uint8_t>(tile_rows);
      config.row_bytes[static_cast<std::size_t>(tile)] =
          static_cast<std::uint16_t>(tile_rows > 0 ? kTileRowBytes : 0);
    };
    for (const int tile : {kC00, kC01, kA0}) set(tile, std::min<std::int64_t>(rows, kTileRows));
    for (const int tile : {kC10, kC11, kA1}) set(tile, std::max<std::int64_t>(rows - kTileRows, 0));
    for (const int tile : {kB0, kB1}) set(tile, kTileRows);
    Unit::configure(config);
  }

  template <bool kTwoRowTiles>
  static void zero_sums() {
    Unit::template zero<kC00>();
    Unit::template zero<kC01>();
    if constexpr (kTwoRowTiles) {
      Unit::template zero<kC10>();
      Unit::template zero<kC11>();
    }
  }

  template <bool kTwoRowTiles>
  void load_sums(std::int64_t row) const {
    constexpr std::size_t kStride = kPanelColumns * sizeof(Sum);
    const Sum* sums = static_cast<const Sum*>(args_.sums) + row * kPanelColumns;
    Unit::template load<kC00>(sums, kStride);
    Unit::template load<kC01>(sums + 16, kStride);
    if constexpr (kTwoRowTiles) {
      Unit::template load<kC10>(sums + kTileRows * kPanelColumns, kStride);
      Unit::template load<kC11>(sums + kTileRows * kPanelColumns + 16, kStride);
    }
  }

  template <bool kTwoRowTiles>
  void store_sums(std::int64_t row) const {
    constexpr std::size_t kStride = kPanelColumns * sizeof(Sum);
    Sum* sums = static_cast<Sum*>(args_.sums) + row * kPanelColumns;
    Unit::template store<kC00>(sums, kStride);
    Unit::template store<kC01>(sums + 16, kStride);
    if constexpr (kTwoRowTiles) {
      Unit::template store<kC10>(sums + kTileRows * kPanelColumns, kStride);
      Unit::template store<kC11>(sums + kTileRows * kPanelColumns + 16, kStride);
    }
  }

  /// Sums += k-step `step` of `rows` rows at `a` times the two dense tiles at `b`.
  template <bool kTwoRowTiles>
  static void multiply(const std::byte* a, const std::byte* b) {
    Unit::template load<kB0>(b, kTileRowBytes);
    Unit::template load<kA0>(a, kTileRowBytes);
    Unit::template multiply_add<kC00, kA0, kB0>(Element{});
    Unit::template load<kB1>(b + kTileBytes, kTileRowBytes);
    Unit::template multiply_add<kC01, kA0, kB1>(Element{});
    if constexpr (kTwoRowTiles) {
      Unit::template load<kA1>(a + kTileBytes, kTileRowBytes);
      Unit::template multiply_add<kC10, kA1, kB0>(Element{});
      Unit::template multiply_add<kC11, kA1, kB1>(Element{});
    }
  }

  [[nodiscard]] const std::byte* packed_step(std::int64_t step) const {
    return args_.panels + step * kStepBytes;
  }

  /// Readies half tile `half` of k-step `step` of the whole run: asks for packed weights further
  /// on, and expands it into `dense` if it is a 2:4 one.
  void make_ready(std::int64_t step, int half, std::byte* dense) const {
    constexpr int kShare = static_cast<int>(kStepBytes) / kHalfTilesPerStep;
    const std::byte* packed = packed_step(step);
    const std::byte* ahead = packed + half * kShare + kPrefetchBytes;
    for (int byte = 0; byte < kShare; byte += 64) {
      __builtin_prefetch(ahead + byte, 0, 2);  // into the second-level cache
    }
    if constexpr (kExpands) expand_half_tile<Element>(packed, half, dense);
  }

  void make_step_ready(std::int64_t step, std::byte* dense) const {
    for (int half = 0; half < kHalfTilesPerStep; ++half) make_ready(step, half, dense);
  }

  // --- Up to 32 rows: the sums of a panel stay in tiles, weights stream through a ring.

  [[nodiscard]] std::byte* ring(std::int64_t step) const {
    return args_.scratch + static_cast<std::size_t>(step % kRingSteps) * kDenseStepBytes;
  }

  [[nodiscard]] const std::byte* streamed_step(std::int64_t step) const {
    if constexpr (kExpands) {
      const std::int64_t ahead = step + kExpandAhead;
      if (ahead < total_steps_) make_step_ready(ahead, ring(ahead));
      return ring(step);
    } else {
      make_step_ready(step, nullptr);
      return packed_step(step);
    }
  }

  template <class Finish>
  void run_few_rows(Finish& finish) {
    configure(args_.m);
    if constexpr (kExpands) {
      const std::int64_t first = std::min<std::int64_t>(kExpandAhead, total_steps_);
      for (std::int64_t step = 0; step < first; ++step) make_step_ready(step, ring(step));
    }
    for (std::int64_t panel = 0; panel < args_.panel_count; ++panel) {
      if (args_.m > kTileRows) {
        stream_panel<true>(panel);
      } else {
        stream_panel<false>(panel);
      }
      finish(panel);
    }
  }

  template <bool kTwoRowTiles>
  void stream_panel(std::int64_t panel) const {
    zero_sums<kTwoRowTiles>();
    const std::byte* a = args_.a;
    const std::int64_t first = panel * args_.k_steps;
    for (std::int64_t step = first; step < first + args_.k_steps; ++step) {
      multiply<kTwoRowTiles>(a, streamed_step(step));
      a += args_.m * kTileRowBytes;
    }
    store_sums<kTwoRowTiles>(0);
  }

  // --- More rows: blocks of k-steps; while one is multiplied, the next is made ready.

  /// k-steps [begin, end) of the whole run, all of one panel.
  struct Block {
    std::int64_t begin = 0;
    std::int64_t end = 0;
    std::byte* dense = nullptr;  ///< expanded tiles
  };

  /// The block from `begin` on. A panel's blocks differ by at most one step.
  [[nodiscard]] Block block_at(std::int64_t begin, int buffer) const {
    if (begin == total_steps_) return {begin, begin, nullptr};
    const std::int64_t blocks = (args_.k_steps + kBlockSteps - 1) / kBlockSteps;
    const std::int64_t panel = begin / args_.k_steps;
    const std::int64_t within = begin % args_.k_steps;
    const std::int64_t block = (within * blocks + args_.k_steps - 1) / args_.k_steps;
    return {begin, panel * args_.k_steps + (block + 1) * args_.k_steps / blocks,
            args_.scratch + static_cast<std::size_t>(buffer * kBlockSteps) * kDenseStepBytes};
  }

  [[nodiscard]] const std::byte* step_of(const Block& block, std::int64_t step) const {
    if constexpr (kExpands) {
      return block.dense + static_cast<std::size_t>(step - block.begin) * kDenseStepBytes;
    } else {
      return packed_step(step);
    }
  }

  /// Making a block ready, half tile by half tile, spread over the multiplications of another.
  class Preparation {
   public:
    Preparation(const Product& product, const Block& block, std::int64_t row_blocks)
        : product_(product), block_(block), row_blocks_(row_blocks), step_(block.begin) {}

    /// Does the share that falls to one multiplication.
    void advance() {
      for (credit_ += kHalfTilesPerStep; credit_ >= row_blocks_; credit_ -= row_blocks_) next();
    }
    void finish() {
      while (step_ < block_.end) next();
    }

   private:
    void next() {
      if (step_ == block_.end) return;
      product_.make_ready(
          step_, half_,
          block_.dense + static_cast<std::size_t>(step_ - block_.begin) * kDenseStepBytes);
      half_ = (half_ + 1) % kHalfTilesPerStep;
      if (half_ == 0) ++step_;
    }

    const Product& product_;
    const Block& block_;
    std::int64_t row_blocks_;
    std::int64_t step_;
    std::int64_t credit_ = 0;
    int half_ = 0;
  };

  template <class Finish>
  void run_many_rows(Finish& finish) {
    const std::int64_t row_blocks = (args_.m + kBlockRows - 1) / kBlockRows;
    Block block = block_at(0, 0);
    Preparation(*this, block, row_blocks).finish();
    for (int buffer = 1; block.begin < total_steps_; buffer ^= 1) {
      const Block next = block_at(block.end, buffer);
      Preparation preparation(*this, next, row_blocks);
      for (std::int64_t row = 0; row < args_.m; row += kBlockRows) {
        multiply_rows(row, block, preparation);
      }
      preparation.finish();
      if (block.end % args_.k_steps == 0) finish(block.end / args_.k_steps - 1);
      block = next;
    }
  }

  void multiply_rows(std::int64_t row, const Block& block, Preparation& preparation) {
    const std::int64_t rows = std::min<std::int64_t>(kBlockRows, args_.m - row);
    configure(rows);
    if (rows > kTileRows) {
      multiply_rows<true>(row, rows, block, preparation);
    } else {
      multiply_rows<false>(row, rows, block, preparation);
    }
  }

  template <bool kTwoRowTiles>
  void multiply_rows(std::int64_t row, std::int64_t rows, const Block& block,
                     Preparation& preparation) const {
    const std::int64_t first = block.begin % args_.k_steps;
    if (first == 0) {
      zero_sums<kTwoRowTiles>();
    } else {
      load_sums<kTwoRowTiles>(row);
    }
    const std::byte* a = args_.a + (row * args_.k_steps + first * rows) * kTileRowBytes;
    for (std::int64_t step = block.begin; step < block.end; ++step) {
      multiply<kTwoRowTiles>(a, step_of(block, step));
      preparation.advance();
      a += rows * kTileRowBytes;
    }
    store_sums<kTwoRowTiles>(row);
  }

  ProductArgs args_;
  std::int64_t total_steps_;
  std::int64_t configured_rows_ = 0;
};

}  // namespace twofour::providers::cpu::amx

#pragma GCC pop_options
