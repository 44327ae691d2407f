// The innermost code of both loops: accumulators of up to 48 rows x 32 columns in tile registers,
// and one k-step added to them.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <type_traits>
#include <utility>

#include "providers/cpu/amx/panel.h"
#include "providers/cpu/amx/tiles.h"

namespace twofour::providers::cpu::amx {

/// What products of `Element` are accumulated in: int8 in int32, bfloat16 in float32.
template <class Element>
using AccumulatorOf = std::conditional_t<sizeof(Element) == 1, std::int32_t, float>;

/// Tile registers that may hold accumulators: of the eight, at least two are needed for A and B.
inline constexpr int kMaxAccumulatorTiles = 6;

/// Tiles of 16 rows that `rows` rows take.
[[gnu::always_inline]] constexpr std::int64_t row_tiles(std::int64_t rows) {
  return (rows + kTileRows - 1) / kTileRows;
}

/// Accumulators [kRowTiles][2 column tiles][16 rows][16 columns], kRowTiles from one to three. The
/// last row tile ends with the last row, so it may repeat rows of the one before and write them
/// twice: all tiles are full, and only fewer than 16 rows need a tile configuration of their own.
///
/// Tile registers, with row tile r and column tile c:
///
///   kRowTiles   accumulators      A          B
///   1           2r + c = 0, 1     2, 3       6 (c = 0), 7 (c = 1)
///   2           2r + c = 0 .. 3   4, 5       6 (c = 0), 7 (c = 1)
///   3           2r + c = 0 .. 5   6          7 (both, one after the other)
template <class Unit, class Element, int kRowTiles>
class AccumulatorTiles {
 public:
  using Accumulator = AccumulatorOf<Element>;
  /// Products of tiles in one k-step.
  static constexpr int kProducts = kRowTiles * kTilesPerStep;

  /// `rows` is more than (kRowTiles - 1) * 16 and at most kRowTiles * 16.
  explicit AccumulatorTiles(std::int64_t rows)
      : last_row_(std::max<std::int64_t>(0, rows - kTileRows)) {}

  static void configure(std::int64_t rows) {
    TileConfig config;
    for (std::size_t tile = 0; tile < 8; ++tile) {
      const bool weights = tile >= kB0;
      config.rows[tile] =
          static_cast<std::uint8_t>(weights ? kTileRows : std::min<std::int64_t>(rows, kTileRows));
      config.row_bytes[tile] = kTileRowBytes;
    }
    Unit::configure(config);
  }

  [[gnu::always_inline]] void zero() const {
    for_accumulators([](auto row, auto column) __attribute__((always_inline)) {
      Unit::template zero<row * kTilesPerStep + column>();
    });
  }

  /// `accumulators`: [rows][32 columns] in memory.
  [[gnu::always_inline]] void load(const Accumulator* accumulators) const {
    for_accumulators([&](auto row, auto column) __attribute__((always_inline)) {
      Unit::template load<row * kTilesPerStep + column>(accumulators + offset<row, column>(),
                                                        kAccumulatorRowBytes);
    });
  }
  [[gnu::always_inline]] void store(Accumulator* accumulators) const {
    for_accumulators([&](auto row, auto column) __attribute__((always_inline)) {
      Unit::template store<row * kTilesPerStep + column>(accumulators + offset<row, column>(),
                                                         kAccumulatorRowBytes);
    });
  }

  /// Adds one k-step. a: [rows][64 bytes]; b: two dense tiles [16][64 bytes], the second one
  /// `b_stride` bytes after the first. Calls interleaved(i) after product i of kProducts, for work
  /// of other ports that goes between products.
  template <class Interleaved>
  [[gnu::always_inline]] void add(const std::byte* a, const std::byte* b, std::int64_t b_stride,
                                  Interleaved&& interleaved) const {
    Unit::template load<kB0>(b, kTileRowBytes);
    if constexpr (kB0 != kB1) {
      for_accumulators([&](auto row, auto column) __attribute__((always_inline)) {
        if constexpr (column == 0) load_rows<row>(a);
        if constexpr (row == 0 && column == 1)
          Unit::template load<kB1>(b + b_stride, kTileRowBytes);
        multiply_add<row, column>();
        interleaved(row * kTilesPerStep + column);
      });
    } else {
      // One register for B: first all row tiles with column tile 0, then with column tile 1, in
      // reverse, because the A tile of the last rows is still in its register.
      for_rows([&](auto row) __attribute__((always_inline)) {
        load_rows<row>(a);
        multiply_add<row, 0>();
        interleaved(row);
      });
      Unit::template load<kB0>(b + b_stride, kTileRowBytes);
      for_rows([&](auto i) __attribute__((always_inline)) {
        constexpr int kRow = kRowTiles - 1 - decltype(i)::value;
        if constexpr (decltype(i)::value > 0) load_rows<kRow>(a);
        multiply_add<kRow, 1>();
        interleaved(kRowTiles + i);
      });
    }
  }

 private:
  static constexpr int kAccumulators = kProducts;
  static_assert(kAccumulators <= kMaxAccumulatorTiles);
  static constexpr std::size_t kAccumulatorRowBytes = kPanelColumns * sizeof(Accumulator);
  static constexpr int kB1 = 7;
  static constexpr int kB0 = kAccumulators <= 4 ? 6 : 7;
  /// Row tiles alternate between the registers for A, so that a tile load need not wait for the
  /// product that reads the previous tile.
  static constexpr int kFirstA = kAccumulators;
  static constexpr int kCountA = std::min(2, kB0 - kFirstA);
  template <int kRow>
  static constexpr int kA = kFirstA + kRow % kCountA;

  template <class Body>
  [[gnu::always_inline]] static void for_rows(Body&& body) {
    [&]<int... i>(std::integer_sequence<int, i...>) __attribute__((always_inline)) {
      (body(std::integral_constant<int, i>{}), ...);
    }
    (std::make_integer_sequence<int, kRowTiles>{});
  }
  /// Calls body(row tile, column tile) with both as compile-time constants.
  template <class Body>
  [[gnu::always_inline]] static void for_accumulators(Body&& body) {
    [&]<int... i>(std::integer_sequence<int, i...>) __attribute__((always_inline)) {
      (body(std::integral_constant<int, i / kTilesPerStep>{},
            std::integral_constant<int, i % kTilesPerStep>{}),
       ...);
    }
    (std::make_integer_sequence<int, kAccumulators>{});
  }

  template <int kRow>
  [[gnu::always_inline]] [[nodiscard]] std::int64_t first_row() const {
    return kRow == kRowTiles - 1 ? last_row_ : kRow * kTileRows;
  }
  template <int kRow, int kColumn>
  [[gnu::always_inline]] [[nodiscard]] std::int64_t offset() const {
    return first_row<kRow>() * kPanelColumns + kColumn * kTileColumns;
  }
  template <int kRow>
  [[gnu::always_inline]] void load_rows(const std::byte* a) const {
    Unit::template load<kA<kRow>>(a + first_row<kRow>() * kTileRowBytes, kTileRowBytes);
  }
  template <int kRow, int kColumn>
  [[gnu::always_inline]] static void multiply_add() {
    Unit::template multiply_add<kRow * kTilesPerStep + kColumn, kA<kRow>, kColumn == 0 ? kB0 : kB1>(
        Element{});
  }

  std::int64_t last_row_;
};

}  // namespace twofour::providers::cpu::amx
