#include "providers/cpu/amx/panel.h"

#include <algorithm>
#include <cstring>

namespace twofour::providers::cpu::amx {
namespace {

/// Where the element of (k, column) is in a dense tile, [k / kGroup][column][k % kGroup].
template <class Element>
constexpr std::int64_t tile_index(std::int64_t k, std::int64_t column) {
  constexpr std::int64_t kGroup = 4 / static_cast<std::int64_t>(sizeof(Element));
  return k / kGroup * (kTileColumns * kGroup) + column * kGroup + k % kGroup;
}

template <class Element>
using DenseTile = std::array<Element, std::size_t{kTileBytes} / sizeof(Element)>;

/// In bfloat16 -0.0 is a zero too, and need not be kept.
bool is_zero(std::int8_t x) { return x == 0; }
bool is_zero(std::uint16_t x) { return (x & 0x7FFFU) == 0; }

/// Marks the elements to keep: the non-zeros of each group of four k, and zeros up to two.
template <class Element>
void mark_kept(const DenseTile<Element>& dense,
               std::array<bool, sizeof(DenseTile<Element>)>& kept) {
  for (std::int64_t column = 0; column < kTileColumns; ++column) {
    for (std::int64_t k = 0; k < TileLayout<Element>::kDepth; k += 4) {
      int left = 2;
      for (const bool want_zero : {false, true}) {
        for (std::int64_t i = 0; i < 4; ++i) {
          const auto index = static_cast<std::size_t>(tile_index<Element>(k + i, column));
          if (left == 0 || is_zero(dense[index]) != want_zero) continue;
          kept[index] = true;
          --left;
        }
      }
    }
  }
}

/// The bit of element `index` of a dense tile in the transposed masks of TileLayout:
/// [vector of masks][lane][row], the first row in the highest bit of a lane.
template <class Element>
constexpr std::size_t mask_bit(std::size_t index) {
  constexpr std::size_t kLaneBits = 8 * sizeof(Element);
  constexpr std::size_t kRowElements = kTileRowBytes / sizeof(Element);
  const std::size_t row = index / kRowElements;
  const std::size_t vector = row / kLaneBits;
  return (vector * kRowElements + index % kRowElements) * kLaneBits + (kLaneBits - 1) -
         row % kLaneBits;
}

/// Writes a 2:4 tile, as TileLayout describes it; `packed` is zero before.
template <class Element>
void compress_tile(const DenseTile<Element>& dense, std::byte* packed) {
  using Layout = TileLayout<Element>;
  std::array<bool, sizeof(DenseTile<Element>)> kept{};
  mark_kept<Element>(dense, kept);
  std::byte* masks = packed + Layout::kValueBytes;
  std::size_t next = 0;
  for (std::size_t i = 0; i < dense.size(); ++i) {
    if (!kept[i]) continue;
    std::memcpy(packed + next * sizeof(Element), &dense[i], sizeof(Element));
    ++next;
    const std::size_t bit = mask_bit<Element>(i);
    masks[bit / 8] |= static_cast<std::byte>(1U << (bit % 8));
  }
}

/// Tile of B with 16 columns from `first_column` and one k-step from `first_k`, zeros beyond the
/// matrix. weights: [n][k].
template <class Element>
DenseTile<Element> gather_tile(const Element* weights, std::int64_t n, std::int64_t k,
                               std::int64_t first_column, std::int64_t first_k) {
  DenseTile<Element> dense{};
  const std::int64_t columns = std::min<std::int64_t>(kTileColumns, n - first_column);
  const std::int64_t depth = std::min<std::int64_t>(TileLayout<Element>::kDepth, k - first_k);
  for (std::int64_t column = 0; column < columns; ++column) {
    const Element* row = weights + (first_column + column) * k + first_k;
    for (std::int64_t i = 0; i < depth; ++i) {
      dense[static_cast<std::size_t>(tile_index<Element>(i, column))] = row[i];
    }
  }
  return dense;
}

}  // namespace

template <class Element>
void pack_b_panel(const Element* weights, std::int64_t n, std::int64_t k, std::int64_t first_column,
                  Sparsity sparsity, std::byte* panel) {
  using Layout = TileLayout<Element>;
  std::memset(panel, 0, panel_bytes<Element>(k, sparsity));
  for (std::int64_t first_k = 0; first_k < k; first_k += Layout::kDepth) {
    for (int tile = 0; tile < kTilesPerStep; ++tile) {
      const auto dense =
          gather_tile<Element>(weights, n, k, first_column + tile * kTileColumns, first_k);
      if (sparsity == Sparsity::kDense) {
        std::memcpy(panel, dense.data(), sizeof(dense));
      } else {
        compress_tile<Element>(dense, panel);
      }
      panel += Layout::tile_bytes(sparsity);
    }
  }
}

template <class Element>
void pack_a_block(const Element* activations, std::int64_t k, Range rows, Range k_steps,
                  std::byte* block) {
  constexpr std::int64_t kDepth = TileLayout<Element>::kDepth;
  // The k-steps of a packed block of 32 rows are 2 KiB apart. Writing a whole row at a time would
  // put all its lines into two sets of the first-level cache, so a few k-steps are done at a time.
  constexpr std::int64_t kStepsAtOnce = 4;
  const std::int64_t step_bytes = (rows.end - rows.begin) * kTileRowBytes;
  for (std::int64_t first = k_steps.begin; first < k_steps.end; first += kStepsAtOnce) {
    const std::int64_t last = std::min(first + kStepsAtOnce, k_steps.end);
    for (std::int64_t row = rows.begin; row < rows.end; ++row) {
      for (std::int64_t step = first; step < last; ++step) {
        const Element* from = activations + row * k + step * kDepth;
        std::byte* to = block + step * step_bytes + (row - rows.begin) * kTileRowBytes;
        const std::int64_t left = k - step * kDepth;
        if (left >= kDepth) {
          std::memcpy(to, from, kTileRowBytes);
        } else {
          std::memset(to, 0, kTileRowBytes);
          std::memcpy(to, from, static_cast<std::size_t>(left) * sizeof(Element));
        }
      }
    }
  }
}

template void pack_b_panel(const std::int8_t*, std::int64_t, std::int64_t, std::int64_t, Sparsity,
                           std::byte*);
template void pack_b_panel(const std::uint16_t*, std::int64_t, std::int64_t, std::int64_t, Sparsity,
                           std::byte*);
template void pack_a_block(const std::int8_t*, std::int64_t, Range, Range, std::byte*);
template void pack_a_block(const std::uint16_t*, std::int64_t, Range, Range, std::byte*);

}  // namespace twofour::providers::cpu::amx
