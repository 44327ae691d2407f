// What one thread of the packing kernel does. The host can call it too, which is how it is tested.
#pragma once

#include <cstdint>
#include <type_traits>

#include "operands/two_four_group.h"
#include "providers/cuda/sm90/layout.h"

namespace twofour::providers::cuda::sm90 {

/// 16 bytes as four little-endian words.
struct alignas(kPieceBytes) Piece {
  std::uint32_t words[4];
};

/// Pieces of values in packed W [n][k]; pack_piece makes one.
constexpr std::int64_t piece_count(DataType type, Sparsity sparsity, std::int64_t n,
                                   std::int64_t k) {
  return row_tiles(n) * chunks(type, sparsity, k) * kUnitRows * kPiecesPerRow;
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

/// The same of one group of four 16-bit values: returns the two kept ones.
template <DataType kType>
TWOFOUR_HOST_DEVICE constexpr std::uint32_t compress_wide_group(std::uint32_t low,
                                                                std::uint32_t high, int nibble,
                                                                std::uint32_t& metadata) {
  const std::uint64_t group = low | std::uint64_t{high} << 32;
  const operands::KeptPair pair = operands::kept_pair<kType>(group);
  metadata |= pair.nibble() << (4 * nibble);
  const auto first = static_cast<std::uint32_t>(group >> (16 * pair.first)) & 0xFFFFu;
  const auto second = static_cast<std::uint32_t>(group >> (16 * pair.second)) & 0xFFFFu;
  return first | second << 16;
}

/// Compresses the groups in `low` and, after it, `high`. Returns the kept values, and writes the
/// nibbles to `metadata`, the first group's in its lowest bits.
template <DataType kType>
TWOFOUR_HOST_DEVICE constexpr Piece compress_pieces(const Piece& low, const Piece& high,
                                                    std::uint32_t& metadata) {
  if constexpr (value_bytes(kType) == 1) {
    return {compress_groups<kType>(low.words[0], low.words[1], 0, metadata),
            compress_groups<kType>(low.words[2], low.words[3], 2, metadata),
            compress_groups<kType>(high.words[0], high.words[1], 4, metadata),
            compress_groups<kType>(high.words[2], high.words[3], 6, metadata)};
  } else {
    return {compress_wide_group<kType>(low.words[0], low.words[1], 0, metadata),
            compress_wide_group<kType>(low.words[2], low.words[3], 1, metadata),
            compress_wide_group<kType>(high.words[0], high.words[1], 2, metadata),
            compress_wide_group<kType>(high.words[2], high.words[3], 3, metadata)};
  }
}

/// The nibbles of the groups of one piece.
template <DataType kType>
using Metadata = std::conditional_t<value_bytes(kType) == 1, std::uint32_t, std::uint16_t>;

/// Packs piece `item` of W, b [n][k] with rows of whole 16 bytes: 16 bytes of a row as they are, or
/// for 2:4 the kept values of 32 bytes and their metadata. Beyond N and K there are zeros.
template <DataType kType, Sparsity kSparsity>
TWOFOUR_HOST_DEVICE void pack_piece(const std::uint8_t* b, std::int64_t n, std::int64_t k,
                                    std::int64_t item, std::uint8_t* packed) {
  constexpr int kSourceBytes = chunk_row_bytes(kSparsity) / kPiecesPerRow;
  const std::int64_t row_bytes = k * value_bytes(kType);
  const std::int64_t chunk_count = chunks(kType, kSparsity, k);
  const auto piece = static_cast<int>(item % kPiecesPerRow);
  const auto row_in_unit = static_cast<int>(item / kPiecesPerRow % kUnitRows);
  const std::int64_t unit = item / (kPiecesPerRow * kUnitRows);
  const std::int64_t row = unit / chunk_count * kUnitRows + row_in_unit;
  const std::int64_t begin =
      unit % chunk_count * chunk_row_bytes(kSparsity) + std::int64_t{piece} * kSourceBytes;
  const auto load = [&](std::int64_t at) {
    return row < n && at < row_bytes ? *reinterpret_cast<const Piece*>(b + row * row_bytes + at)
                                     : Piece{};
  };
  std::uint8_t* out = packed + unit * unit_bytes(kType, kSparsity);
  Piece values = load(begin);
  if constexpr (kSparsity == Sparsity::kTwoFour) {
    std::uint32_t metadata = 0;
    values = compress_pieces<kType>(values, load(begin + kPieceBytes), metadata);
    *reinterpret_cast<Metadata<kType>*>(out + metadata_offset(kType, row_in_unit, piece)) =
        static_cast<Metadata<kType>>(metadata);
  }
  *reinterpret_cast<Piece*>(out + swizzled_offset(row_in_unit, piece)) = values;
}

}  // namespace twofour::providers::cuda::sm90
