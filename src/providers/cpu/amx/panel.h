// Weights packed for AMX: panels of 32 columns; a panel is a run of k-steps; a k-step is two tiles
// of 16 columns each. docs/cpu-kernels.md draws the layout.
#pragma once

#include <immintrin.h>

#include <cstddef>
#include <cstdint>
#include <cstring>

#include "core/problem.h"
#include "providers/cpu/amx/tiles.h"

namespace twofour::providers::cpu::amx {

inline constexpr int kPanelColumns = 32;
inline constexpr int kTilesPerStep = 2;

/// Sizes for elements of one type (std::int8_t, or std::uint16_t holding bfloat16). A dense tile is
/// what TDPBSSD and TDPBF16PS take as second source: row r holds, for each of 16 columns, the 4 /
/// sizeof consecutive k from r * 4 / sizeof on.
///
/// A 2:4 tile holds the kept values in the order in which VPEXPAND puts them back, row pair by row
/// pair, 64 bytes a pair, then the masks: one bit for each element of the dense tile, in its order.
/// A group of four k lies within one row (int8) or within a row pair (bfloat16), so a pair always
/// keeps half of its elements. Four mask bits for a group are as many as two 2-bit indices.
template <class Element>
struct TileLayout {
  static constexpr int kDepth = kTileRowBytes / static_cast<int>(sizeof(Element));  ///< k of a tile
  static constexpr int kRowPairs = kTileRows / 2;
  static constexpr int kValueBytes = kTileBytes / 2;
  static constexpr int kMaskBytes = kTileBytes / static_cast<int>(sizeof(Element)) / 8;

  static constexpr std::size_t step_bytes(Sparsity sparsity) {
    return static_cast<std::size_t>(
        kTilesPerStep * (sparsity == Sparsity::kDense ? kTileBytes : kValueBytes + kMaskBytes));
  }
};

/// k-steps of a panel: K rounded up to whole tiles.
template <class Element>
constexpr std::int64_t steps(std::int64_t k) {
  return (k + TileLayout<Element>::kDepth - 1) / TileLayout<Element>::kDepth;
}

template <class Element>
constexpr std::size_t panel_bytes(std::int64_t k, Sparsity sparsity) {
  return static_cast<std::size_t>(steps<Element>(k)) * TileLayout<Element>::step_bytes(sparsity);
}

/// Packs the weights of columns [first_column, first_column + 32) of `weights`, [n][k] with k
/// contiguous, into `panel`. Columns and k beyond the matrix become zeros. For 2:4, `weights` holds
/// at most two non-zeros in each four k, and k is a multiple of 4.
template <class Element>
void pack_panel(const Element* weights, std::int64_t n, std::int64_t k, std::int64_t first_column,
                Sparsity sparsity, std::byte* panel);

#pragma GCC push_options
#pragma GCC target("avx512f,avx512bw,avx512vl,avx512vbmi2")
/// Puts row pair `pair` (of both tiles' 16: 0..7 in the first tile, 8..15 in the second) of a
/// packed 2:4 k-step back into its place in `dense`, two dense tiles.
template <class Element>
inline void expand_pair(const std::byte* step, int pair, std::byte* dense) {
  using Layout = TileLayout<Element>;
  constexpr int kPairMaskBytes = Layout::kMaskBytes / Layout::kRowPairs;
  const std::byte* values = step + pair * kTileRowBytes;
  const std::byte* masks = step + kTilesPerStep * Layout::kValueBytes + pair * kPairMaskBytes;
  std::byte* out = dense + pair * 2 * kTileRowBytes;
  if constexpr (sizeof(Element) == 1) {
    std::uint64_t mask[2];
    std::memcpy(mask, masks, sizeof(mask));
    const __m512i low =
        _mm512_castsi256_si512(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(values)));
    const __m512i high = _mm512_castsi256_si512(
        _mm256_loadu_si256(reinterpret_cast<const __m256i*>(values + kTileRowBytes / 2)));
    _mm512_store_si512(out, _mm512_maskz_expand_epi8(mask[0], low));
    _mm512_store_si512(out + kTileRowBytes, _mm512_maskz_expand_epi8(mask[1], high));
  } else {
    std::uint32_t mask[2];
    std::memcpy(mask, masks, sizeof(mask));
    // The second row's values start behind the first row's. The load may run past the pair, into
    // values or masks of the same step: those lanes are never expanded.
    const std::byte* second =
        values + sizeof(Element) * static_cast<unsigned>(__builtin_popcount(mask[0]));
    _mm512_store_si512(out, _mm512_maskz_expand_epi16(mask[0], _mm512_loadu_si512(values)));
    _mm512_store_si512(out + kTileRowBytes,
                       _mm512_maskz_expand_epi16(mask[1], _mm512_loadu_si512(second)));
  }
}
#pragma GCC pop_options

}  // namespace twofour::providers::cpu::amx
