// What one thread of the packing kernel does. The host can call it too, which is how it is tested.
#pragma once

#include <cstdint>

#include "operands/two_four_group.h"
#include "providers/cuda/sm90/layout.h"

namespace twofour::providers::cuda::sm90 {

/// 16 bytes as four little-endian words.
struct alignas(kPieceBytes) Piece {
  std::uint32_t words[4];
};

/// Pieces of values in packed W [n][k]; pack_piece makes one.
constexpr std::int64_t piece_count(Sparsity sparsity, std::int64_t n, std::int64_t k) {
  return row_tiles(n) * chunks(sparsity, k) * kUnitRows * kPiecesPerRow;
}

/// Compresses two groups of four bytes: returns the two kept values of each, and writes their
/// nibbles to nibbles `nibble` and `nibble` + 1 of `metadata`.
template <DataType kType>
TWOFOUR_HOST_DEVICE constexpr std::uint32_t compress_groups(std::uint32_t first,
                                                            std::uint32_t second, int nibble,
                                                            std::uint32_t& metadata) {
  std::uint32_t values = 0;
  const std::uint32_t groups[2] = {first, second};
  for (int i = 0; i < 2; ++i) {
    const operands::KeptPair pair = operands::kept_pair<kType>(groups[i]);
    const std::uint32_t low = groups[i] >> (8 * pair.first) & 0xFFu;
    const std::uint32_t high = groups[i] >> (8 * pair.second) & 0xFFu;
    values |= (low | high << 8) << (16 * i);
    metadata |= pair.nibble() << (4 * (nibble + i));
  }
  return values;
}

/// Packs piece `item` of W, b [n][k] with k a multiple of 16: 16 k of a row as they are, or for 2:4
/// the kept values of 32 k and their metadata. Beyond N and K there are zeros.
template <DataType kType, Sparsity kSparsity>
TWOFOUR_HOST_DEVICE void pack_piece(const std::uint8_t* b, std::int64_t n, std::int64_t k,
                                    std::int64_t item, std::uint8_t* packed) {
  constexpr int kColumns = chunk_columns(kSparsity) / kPiecesPerRow;
  const std::int64_t chunk_count = (k + chunk_columns(kSparsity) - 1) / chunk_columns(kSparsity);
  const auto piece = static_cast<int>(item % kPiecesPerRow);
  const auto row_in_unit = static_cast<int>(item / kPiecesPerRow % kUnitRows);
  const std::int64_t unit = item / (kPiecesPerRow * kUnitRows);
  const std::int64_t row = unit / chunk_count * kUnitRows + row_in_unit;
  const std::int64_t column =
      unit % chunk_count * chunk_columns(kSparsity) + std::int64_t{piece} * kColumns;
  const auto load = [&](std::int64_t at) {
    return row < n && at < k ? *reinterpret_cast<const Piece*>(b + row * k + at) : Piece{};
  };
  std::uint8_t* out = packed + unit * unit_bytes(kSparsity);
  Piece values = load(column);
  if constexpr (kSparsity == Sparsity::kTwoFour) {
    const Piece low = values;
    const Piece high = load(column + kPieceBytes);
    std::uint32_t metadata = 0;
    values = {compress_groups<kType>(low.words[0], low.words[1], 0, metadata),
              compress_groups<kType>(low.words[2], low.words[3], 2, metadata),
              compress_groups<kType>(high.words[0], high.words[1], 4, metadata),
              compress_groups<kType>(high.words[2], high.words[3], 6, metadata)};
    *reinterpret_cast<std::uint32_t*>(out + metadata_offset(row_in_unit, piece)) = metadata;
  }
  *reinterpret_cast<Piece*>(out + swizzled_offset(row_in_unit, piece)) = values;
}

}  // namespace twofour::providers::cuda::sm90
