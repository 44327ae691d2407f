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

/// k-steps that are multiplied with all rows before the next ones are looked at. Their dense tiles
/// (32 KiB) and the A block they meet stay in the second-level cache.
inline constexpr std::int64_t kBlockSteps = 16;
inline constexpr int kBlockRows = 32;
/// How far ahead of the reading position packed weights are asked for.
inline constexpr std::int64_t kPrefetchBytes = 8192;
/// Steps between expanding a tile and loading it: a tile load must not wait for a store in flight.
inline constexpr std::int64_t kExpandAhead = 2;
inline constexpr std::int64_t kRingSteps = 4;
inline constexpr std::size_t kDenseStepBytes = std::size_t{kTilesPerStep} * kTileBytes;

/// Bytes of 64-byte aligned scratch memory that one thread needs.
inline constexpr std::size_t kScratchBytes =
    2 * static_cast<std::size_t>(kBlockSteps) * kDenseStepBytes;

/// What one thread multiplies: `panel_count` consecutive packed panels with all rows of A.
template <class Element>
struct ProductArgs {
  const std::byte* panels = nullptr;
  std::int64_t panel_count = 0;
  std::int64_t k_steps = 0;    ///< of a panel
  const Element* a = nullptr;  ///< [m][lda], readable up to k_steps x depth in each row
  std::int64_t lda = 0;        ///< elements
  std::int64_t m = 0;
  std::byte* scratch = nullptr;  ///< kScratchBytes
  void* sums = nullptr;          ///< [m][32] int32 or float32: the panel in hand
};

template <class Unit, class Element, Sparsity kSparsity>
class Product {
 public:
  using Layout = TileLayout<Element>;
  using Sum = std::conditional_t<sizeof(Element) == 1, std::int32_t, float>;
  static constexpr std::size_t kStepBytes = Layout::step_bytes(kSparsity);
  static constexpr bool kExpands = kSparsity == Sparsity::kTwoFour;

  explicit Product(const ProductArgs<Element>& args)
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

  template <bool kTwoRowTiles>
  void multiply(std::int64_t row, std::int64_t step, const std::byte* b) const {
    const auto stride = static_cast<std::size_t>(args_.lda) * sizeof(Element);
    const Element* a = args_.a + row * args_.lda + step * Layout::kDepth;
    Unit::template load<kB0>(b, kTileRowBytes);
    Unit::template load<kA0>(a, stride);
    Unit::template multiply_add<kC00, kA0, kB0>(Element{});
    Unit::template load<kB1>(b + kTileBytes, kTileRowBytes);
    Unit::template multiply_add<kC01, kA0, kB1>(Element{});
    if constexpr (kTwoRowTiles) {
      Unit::template load<kA1>(a + kTileRows * args_.lda, stride);
      Unit::template multiply_add<kC10, kA1, kB0>(Element{});
      Unit::template multiply_add<kC11, kA1, kB1>(Element{});
    }
  }

  /// Asks for the packed bytes that lie `kPrefetchBytes` behind row pair `pair` of k-step `step`.
  void prefetch(std::int64_t step, int pair) const {
    // A share of the step for each pair, in whole lines or fewer: asking twice for a line is cheap.
    constexpr std::int64_t kShare = static_cast<std::int64_t>(kStepBytes) / (2 * Layout::kRowPairs);
    const std::byte* ahead = args_.panels + step * static_cast<std::int64_t>(kStepBytes) +
                             pair * kShare + kPrefetchBytes;
    for (std::int64_t byte = 0; byte < kShare; byte += 64) {
      __builtin_prefetch(ahead + byte, 0, 2);
    }
  }

  /// Expands row pairs [begin, end) of k-step `step` of the whole run into `dense`.
  void expand(std::int64_t step, int begin, int end, std::byte* dense) const {
    const std::byte* packed = args_.panels + step * static_cast<std::int64_t>(kStepBytes);
    for (int pair = begin; pair < end; ++pair) {
      prefetch(step, pair);
      expand_pair<Element>(packed, pair, dense);
    }
  }

  // --- Up to 32 rows: the sums of a panel stay in tiles, weights stream through a ring.

  [[nodiscard]] std::byte* ring(std::int64_t step) const {
    return args_.scratch + static_cast<std::size_t>(step % kRingSteps) * kDenseStepBytes;
  }

  [[nodiscard]] const std::byte* streamed_step(std::int64_t step) const {
    constexpr int kPairs = 2 * Layout::kRowPairs;
    if constexpr (kExpands) {
      if (step + kExpandAhead < total_steps_) {
        expand(step + kExpandAhead, 0, kPairs, ring(step + kExpandAhead));
      }
      return ring(step);
    } else {
      for (int pair = 0; pair < kPairs; ++pair) prefetch(step, pair);
      return args_.panels + step * static_cast<std::int64_t>(kStepBytes);
    }
  }

  template <class Finish>
  void run_few_rows(Finish& finish) {
    configure(args_.m);
    if constexpr (kExpands) {
      for (std::int64_t step = 0; step < std::min(kExpandAhead, total_steps_); ++step) {
        expand(step, 0, 2 * Layout::kRowPairs, ring(step));
      }
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
    for (std::int64_t step = 0; step < args_.k_steps; ++step) {
      multiply<kTwoRowTiles>(0, step, streamed_step(panel * args_.k_steps + step));
    }
    store_sums<kTwoRowTiles>(0);
  }

  // --- More rows: blocks of k-steps; while one is multiplied, the next is expanded or asked for.

  /// k-steps [begin, end) of the whole run, all of one panel.
  struct Block {
    std::int64_t begin = 0;
    std::int64_t end = 0;
    std::byte* dense = nullptr;  ///< expanded tiles
  };

  [[nodiscard]] Block block_at(std::int64_t begin, int buffer) const {
    const std::int64_t panel_end = (begin / args_.k_steps + 1) * args_.k_steps;
    return {begin, std::min({begin + kBlockSteps, panel_end, total_steps_}),
            args_.scratch + static_cast<std::size_t>(buffer * kBlockSteps) * kDenseStepBytes};
  }

  [[nodiscard]] const std::byte* step_of(const Block& block, std::int64_t step) const {
    if constexpr (kExpands) {
      return block.dense + static_cast<std::size_t>(step - block.begin) * kDenseStepBytes;
    } else {
      return args_.panels + step * static_cast<std::int64_t>(kStepBytes);
    }
  }

  /// Makes row pairs [begin, end) of `block` ready, counted through all its steps.
  void make_ready(const Block& block, std::int64_t begin, std::int64_t end) const {
    constexpr std::int64_t kPairs = 2 * Layout::kRowPairs;
    for (std::int64_t i = begin; i < end; ++i) {
      const std::int64_t step = block.begin + i / kPairs;
      const int pair = static_cast<int>(i % kPairs);
      if constexpr (kExpands) {
        expand(step, pair, pair + 1,
               block.dense + static_cast<std::size_t>(i / kPairs) * kDenseStepBytes);
      } else {
        prefetch(step, pair);
      }
    }
  }

  [[nodiscard]] static std::int64_t pairs_of(const Block& block) {
    return (block.end - block.begin) * 2 * Layout::kRowPairs;
  }

  template <class Finish>
  void run_many_rows(Finish& finish) {
    Block block = block_at(0, 0);
    if constexpr (kExpands) make_ready(block, 0, pairs_of(block));
    for (int buffer = 1; block.begin < total_steps_; buffer ^= 1) {
      const Block next = block_at(block.end, buffer);
      multiply_block(block, next);
      if (block.end % args_.k_steps == 0) finish(block.end / args_.k_steps - 1);
      block = next;
    }
  }

  void multiply_block(const Block& block, const Block& next) {
    const std::int64_t row_blocks = (args_.m + kBlockRows - 1) / kBlockRows;
    for (std::int64_t i = 0; i < row_blocks; ++i) {
      const std::int64_t rows = std::min<std::int64_t>(kBlockRows, args_.m - i * kBlockRows);
      configure(rows);
      const Ahead ahead{next, i * (block.end - block.begin),
                        row_blocks * (block.end - block.begin)};
      if (rows > kTileRows) {
        multiply_rows<true>(i * kBlockRows, block, ahead);
      } else {
        multiply_rows<false>(i * kBlockRows, block, ahead);
      }
    }
  }

  /// Preparing `next` is spread evenly over `of` multiplications, `done` of which lie behind.
  struct Ahead {
    const Block& next;
    std::int64_t done;
    std::int64_t of;
  };

  template <bool kTwoRowTiles>
  void multiply_rows(std::int64_t row, const Block& block, Ahead ahead) const {
    const std::int64_t first = block.begin % args_.k_steps;
    if (first == 0) {
      zero_sums<kTwoRowTiles>();
    } else {
      load_sums<kTwoRowTiles>(row);
    }
    const std::int64_t pairs = pairs_of(ahead.next);
    for (std::int64_t step = block.begin; step < block.end; ++step, ++ahead.done) {
      multiply<kTwoRowTiles>(row, first + step - block.begin, step_of(block, step));
      make_ready(ahead.next, pairs * ahead.done / ahead.of, pairs * (ahead.done + 1) / ahead.of);
    }
    store_sums<kTwoRowTiles>(row);
  }

  ProductArgs<Element> args_;
  std::int64_t total_steps_;
  std::int64_t configured_rows_ = 0;
};

}  // namespace twofour::providers::cpu::amx

#pragma GCC pop_options
