// How A and B are packed for AMX. docs/cpu-kernels-amx.md says why.
//
//   B   [panel of 32 columns][k-step][2 tiles of 16 columns][tile]
//       dense tile   [16 rows][16 columns][4 bytes]: 4 int8 or 2 bfloat16 of consecutive k
//       2:4 tile     [kept values, 512 bytes][masks, 128 bytes for int8, 64 for bfloat16]
//   A   [row block][k-step][rows of the block][64 bytes]: 64 int8 or 32 bfloat16 of consecutive k
//
// A k-step is what one tile product takes: 64 k for int8, 32 for bfloat16.
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
inline constexpr int kTilesPerStep = 2;
inline constexpr int kPanelColumns = kTilesPerStep * kTileColumns;
inline constexpr int kBlockRows = 32;  ///< rows of a row block of the blocked loop

/// Sizes of tiles of one element type (std::int8_t, or std::uint16_t holding bfloat16). A dense
/// tile is what TDPBSSD and TDPBF16PS take as their second source: row r holds, for each of 16
/// columns, the 4 / sizeof(Element) consecutive k from r * 4 / sizeof(Element) on.
///
/// A 2:4 tile holds the kept values in the order of the dense tile, as VPEXPAND takes them, then
/// the masks: one bit for each element of the dense tile, set where the element was kept. That is
/// as many bits as two 2-bit indices for each group of four would take.
///
/// The masks are transposed: lane i of a 64-byte vector of masks holds the bits of element i in 8
/// (int8) or 16 (bfloat16) consecutive rows, the first row's bit on top. VPMOVB2M gathers the top
/// bits, a row's mask, on port 0, and adding the vector to itself shifts the next row's bits up.
/// Masks stored row by row would come through KMOVQ, which needs port 5, and VPEXPAND keeps that
/// one busy. A group of four k lies within one row (int8) or two rows (bfloat16), so eight rows
/// always keep exactly half of their elements.
template <class Element>
struct TileLayout {
  static constexpr int kDepth =
      kTileRowBytes / static_cast<int>(sizeof(Element));  ///< k of a k-step
  static constexpr int kValueBytes = kTileBytes / 2;
  static constexpr int kMaskBytes = kTileBytes / static_cast<int>(sizeof(Element)) / 8;

  static constexpr std::size_t tile_bytes(Sparsity sparsity) {
    return static_cast<std::size_t>(sparsity == Sparsity::kDense ? kTileBytes
                                                                 : kValueBytes + kMaskBytes);
  }
};

/// k-steps that K takes, the last one padded with zeros.
template <class Element>
constexpr std::int64_t steps(std::int64_t k) {
  return (k + TileLayout<Element>::kDepth - 1) / TileLayout<Element>::kDepth;
}

/// Bytes of one packed panel of B.
template <class Element>
constexpr std::size_t panel_bytes(std::int64_t k, Sparsity sparsity) {
  return static_cast<std::size_t>(kTilesPerStep * steps<Element>(k)) *
         TileLayout<Element>::tile_bytes(sparsity);
}

/// Packs columns [first_column, first_column + 32) of B into `panel`. weights: [n][k], k
/// contiguous. Columns and k beyond the matrix become zeros. For 2:4, `weights` holds at most two
/// non-zeros in each group of four k, and k is a multiple of 4.
template <class Element>
void pack_b_panel(const Element* weights, std::int64_t n, std::int64_t k, std::int64_t first_column,
                  Sparsity sparsity, std::byte* panel);

/// Bytes of packed A before row `row`, which is the first of its row block.
template <class Element>
constexpr std::size_t packed_a_offset(std::int64_t row, std::int64_t k) {
  return static_cast<std::size_t>(row * steps<Element>(k)) * kTileRowBytes;
}

/// Packs k-steps `k_steps` of one row block of A, rows `rows`, into `block`, the packed row block.
/// activations: [m][k], k contiguous.
template <class Element>
void pack_a_block(const Element* activations, std::int64_t k, Range rows, Range k_steps,
                  std::byte* block);

inline constexpr int kHalfTileRows = kTileRows / 2;
inline constexpr int kHalvesPerTile = 2;

#ifdef __clang__
#pragma clang attribute push(__attribute__((target("avx512f,avx512bw,avx512vl,avx512vbmi2"))), \
                             apply_to = function)
#else
#pragma GCC push_options
#pragma GCC target("avx512f,avx512bw,avx512vl,avx512vbmi2")
#endif
/// Expands half `half` (0: rows 0 .. 7, 1: rows 8 .. 15) of the packed 2:4 tile `packed` into its
/// place in the dense tile `dense`. Only where there is AVX-512 VBMI2.
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
      // The values of the second row follow those of the first, as many as its mask has bits. The
      // load may run past the row pair, into values or masks of the same tile; no bit of the mask
      // asks for those lanes.
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
#ifdef __clang__
#pragma clang attribute pop
#else
#pragma GCC pop_options
#endif

}  // namespace twofour::providers::cpu::amx
