// Sums of up to six tiles in tile registers, and how one k-step is added to them.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <type_traits>
#include <utility>

#include "providers/cpu/amx/panel.h"
#include "providers/cpu/amx/tiles.h"

namespace twofour::providers::cpu::amx {

template <class Element>
using SumOf = std::conditional_t<sizeof(Element) == 1, std::int32_t, float>;

/// Of eight tile registers two hold operands at least.
inline constexpr int kMostSums = 6;

/// Tiles that `rows` rows take.
[[gnu::always_inline]] constexpr std::int64_t row_tiles(std::int64_t rows) {
  return (rows + kTileRows - 1) / kTileRows;
}

/// The sums of kRowTiles tiles of rows, one to three, and the two tiles of columns of a panel. The
/// last tile of rows ends with the last row, and so may repeat rows of the one before: all tiles
/// are full, and only fewer than 16 rows need a configuration of their own.
///
/// Registers: the sum of row tile r and column tile c has number 2 r + c; of the others the last
/// ones hold weights and those before them activations, as many as are left.
template <class Unit, class Element, int kRowTiles>
class TileSums {
 public:
  using Sum = SumOf<Element>;
  static constexpr int kProducts = kRowTiles * kStepTiles;

  /// Of `rows` rows, more than (kRowTiles - 1) * 16.
  explicit TileSums(std::int64_t rows) : last_row_(std::max<std::int64_t>(0, rows - kTileRows)) {}

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
    for_sums([](auto row, auto column) __attribute__((always_inline)) {
      Unit::template zero<row * kStepTiles + column>();
    });
  }

  /// `sums` is [rows][32], all of a panel's columns.
  [[gnu::always_inline]] void load(const Sum* sums) const {
    for_sums([&](auto row, auto column) __attribute__((always_inline)) {
      Unit::template load<row * kStepTiles + column>(sums + place<row, column>(), kSumRowBytes);
    });
  }
  [[gnu::always_inline]] void store(Sum* sums) const {
    for_sums([&](auto row, auto column) __attribute__((always_inline)) {
      Unit::template store<row * kStepTiles + column>(sums + place<row, column>(), kSumRowBytes);
    });
  }

  /// Adds one k-step: the rows at `a`, 64 bytes each, times the dense tiles at `b`, `between` bytes
  /// apart. Calls meanwhile(i) after product i of kProducts.
  template <class Meanwhile>
  [[gnu::always_inline]] void add(const std::byte* a, const std::byte* b, std::int64_t between,
                                  Meanwhile&& meanwhile) const {
    Unit::template load<kB0>(b, kTileRowBytes);
    if constexpr (kB0 != kB1) {
      for_sums([&](auto row, auto column) __attribute__((always_inline)) {
        if constexpr (column == 0) load_rows<row>(a);
        if constexpr (row == 0 && column == 1) Unit::template load<kB1>(b + between, kTileRowBytes);
        multiply_add<row, column>();
        meanwhile(row * kStepTiles + column);
      });
    } else {
      // One register for weights: a tile of columns at a time, the second from the last rows on,
      // which are still there.
      for_rows([&](auto row) __attribute__((always_inline)) {
        load_rows<row>(a);
        multiply_add<row, 0>();
        meanwhile(row);
      });
      Unit::template load<kB0>(b + between, kTileRowBytes);
      for_rows([&](auto i) __attribute__((always_inline)) {
        constexpr int kRow = kRowTiles - 1 - decltype(i)::value;
        if constexpr (decltype(i)::value > 0) load_rows<kRow>(a);
        multiply_add<kRow, 1>();
        meanwhile(kRowTiles + i);
      });
    }
  }

 private:
  static constexpr int kSums = kProducts;
  static_assert(kSums <= kMostSums);
  static constexpr std::size_t kSumRowBytes = kPanelColumns * sizeof(Sum);
  static constexpr int kB1 = 7;
  static constexpr int kB0 = kSums <= 4 ? 6 : 7;
  /// Activations alternate between registers, so that loading does not wait for a product.
  static constexpr int kFirstA = kSums;
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
  [[gnu::always_inline]] static void for_sums(Body&& body) {
    [&]<int... i>(std::integer_sequence<int, i...>) __attribute__((always_inline)) {
      (body(std::integral_constant<int, i / kStepTiles>{},
            std::integral_constant<int, i % kStepTiles>{}),
       ...);
    }
    (std::make_integer_sequence<int, kSums>{});
  }

  template <int kRow>
  [[gnu::always_inline]] [[nodiscard]] std::int64_t first_row() const {
    return kRow == kRowTiles - 1 ? last_row_ : kRow * kTileRows;
  }
  template <int kRow, int kColumn>
  [[gnu::always_inline]] [[nodiscard]] std::int64_t place() const {
    return first_row<kRow>() * kPanelColumns + kColumn * kTileColumns;
  }
  template <int kRow>
  [[gnu::always_inline]] void load_rows(const std::byte* a) const {
    Unit::template load<kA<kRow>>(a + first_row<kRow>() * kTileRowBytes, kTileRowBytes);
  }
  template <int kRow, int kColumn>
  [[gnu::always_inline]] static void multiply_add() {
    Unit::template multiply_add<kRow * kStepTiles + kColumn, kA<kRow>, kColumn == 0 ? kB0 : kB1>(
        Element{});
  }

  std::int64_t last_row_;
};

}  // namespace twofour::providers::cpu::amx
