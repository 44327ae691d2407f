// Weights packed for AMX: panels of 32 columns; a panel is k-steps; a k-step is two tiles, one for
// each 16 columns. docs/cpu-kernels-amx.md says why.
#pragma once

#include <immintrin.h>

#include <cstddef>
#include <cstdint>
#include <cstring>

#include "core/parallel.h"
#include "core/problem.h"
#include "providers/cpu/amx/tiles.h"

namespace twofour::providers::cpu::amx {

inline constexpr int kTileColumns = 16;
inline constexpr int kStepTiles = 2;
inline constexpr int kPanelColumns = kStepTiles * kTileColumns;
inline constexpr int kBlockRows = 32;  ///< that blocks of k-steps multiply at a time

/// Sizes for elements of one type (std::int8_t, or std::uint16_t holding bfloat16). A dense tile is
/// what TDPBSSD and TDPBF16PS take as second source: row r holds, for each of 16 columns, the 4 /
/// sizeof consecutive k from r * 4 / sizeof on.
///
/// A 2:4 tile holds the kept values in the order in which VPEXPAND puts them back, then the masks:
/// one bit for each element of the dense tile, as many as two 2-bit indices for each group. Masks
/// lie transposed: lane i of a 64-byte vector holds the bits of element i of 8 (int8) or 16
/// (bfloat16) consecutive rows, the first row's in the sign. VPMOVB2M then takes a row's mask from
/// a vector on port 0, and adding the vector to itself brings the next row's; KMOVQ would need port
/// 5, which VPEXPAND keeps busy. A group of four k lies within one row (int8) or within a row pair
/// (bfloat16), so eight rows always keep half of their elements.
template <class Element>
struct TileLayout {
  static constexpr int kDepth = kTileRowBytes / static_cast<int>(sizeof(Element));  ///< k of a tile
  static constexpr int kValueBytes = kTileBytes / 2;
  static constexpr int kMaskBytes = kTileBytes / static_cast<int>(sizeof(Element)) / 8;

  static constexpr std::size_t tile_bytes(Sparsity sparsity) {
    return static_cast<std::size_t>(sparsity == Sparsity::kDense ? kTileBytes
                                                                 : kValueBytes + kMaskBytes);
  }
};

/// k-steps of a panel: K rounded up to whole tiles.
template <class Element>
constexpr std::int64_t steps(std::int64_t k) {
  return (k + TileLayout<Element>::kDepth - 1) / TileLayout<Element>::kDepth;
}

template <class Element>
constexpr std::size_t panel_bytes(std::int64_t k, Sparsity sparsity) {
  return static_cast<std::size_t>(kStepTiles * steps<Element>(k)) *
         TileLayout<Element>::tile_bytes(sparsity);
}

/// Packs the weights of columns [first_column, first_column + 32) of `weights`, [n][k] with k
/// contiguous, into `panel`. Columns and k beyond the matrix become zeros. For 2:4, `weights` holds
/// at most two non-zeros in each four k, and k is a multiple of 4.
template <class Element>
void pack_panel(const Element* weights, std::int64_t n, std::int64_t k, std::int64_t first_column,
                Sparsity sparsity, std::byte* panel);

/// Activations packed for AMX: blocks of rows, and a block is k-steps; a k-step is the block's
/// rows, 64 bytes each, so that a tile is contiguous. Returns the bytes before row `row`, the first
/// of a block.
template <class Element>
constexpr std::size_t packed_rows_bytes(std::int64_t row, std::int64_t k) {
  return static_cast<std::size_t>(row * steps<Element>(k)) * kTileRowBytes;
}

/// Packs k-steps `k_steps` of rows `rows`, one block, of `activations`, [m][k], into `block`.
template <class Element>
void pack_rows(const Element* activations, std::int64_t k, Range rows, Range k_steps,
               std::byte* block);

inline constexpr int kHalfTileRows = kTileRows / 2;
inline constexpr int kHalvesPerTile = 2;

#pragma GCC push_options
#pragma GCC target("avx512f,avx512bw,avx512vl,avx512vbmi2")
/// Puts half `half` (0 or 1) of a packed 2:4 tile back into its place in the dense tile `dense`.
/// Only where there is AVX-512 VBMI2.
template <class Element>
inline void expand_half_tile(const std::byte* packed, int half, std::byte* dense) {
  using Layout = TileLayout<Element>;
  const std::byte* values = packed + half * (Layout::kValueBytes / 2);
  const std::byte* masks = packed + Layout::kValueBytes;
  std::byte* out = dense + half * (kTileBytes / 2);
  if constexpr (sizeof(Element) == 1) {
    __m512i signs = _mm512_load_si512(masks + half * (Layout::kMaskBytes / 2));
#pragma GCC unroll 8
    for (int row = 0; row < kHalfTileRows; ++row) {
      const __m512i kept = _mm512_castsi256_si512(
          _mm256_load_si256(reinterpret_cast<const __m256i*>(values + row * (kTileRowBytes / 2))));
      _mm512_store_si512(out + row * kTileRowBytes,
                         _mm512_maskz_expand_epi8(_mm512_movepi8_mask(signs), kept));
      signs = _mm512_add_epi8(signs, signs);
    }
  } else {
    __m512i signs = _mm512_load_si512(masks);
    if (half != 0) signs = _mm512_slli_epi16(signs, kHalfTileRows);
#pragma GCC unroll 8
    for (int row = 0; row < kHalfTileRows; row += 2) {
      const std::byte* pair = values + row * (kTileRowBytes / 2);
      const __mmask32 mask = _mm512_movepi16_mask(signs);
      signs = _mm512_add_epi16(signs, signs);
      // The second row's values start behind the first row's. The load may run past the pair, into
      // values or masks of the same tile: those lanes are never expanded.
      const std::byte* second =
          pair + sizeof(Element) * static_cast<unsigned>(__builtin_popcount(mask));
      _mm512_store_si512(out + row * kTileRowBytes,
                         _mm512_maskz_expand_epi16(mask, _mm512_load_si512(pair)));
      _mm512_store_si512(
          out + (row + 1) * kTileRowBytes,
          _mm512_maskz_expand_epi16(_mm512_movepi16_mask(signs), _mm512_loadu_si512(second)));
      signs = _mm512_add_epi16(signs, signs);
    }
  }
}
#pragma GCC pop_options

}  // namespace twofour::providers::cpu::amx
