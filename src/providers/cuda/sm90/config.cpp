#include <fmt/format.h>

#include <algorithm>

#include "providers/cuda/sm90/decode.h"
#include "providers/cuda/sm90/layout.h"

namespace twofour::providers::cuda::sm90 {
namespace {

constexpr int kBarrierRegion = 1024;

}  // namespace

std::string_view to_string(Overlap overlap) {
  switch (overlap) {
    case Overlap::kNone:
      return "serial";
    case Overlap::kEarly:
      return "early";
    case Overlap::kHalf:
      return "half";
    case Overlap::kLoaded:
      return "loaded";
  }
  return "?";
}

std::string to_string(const DecodeConfig& config) {
  return fmt::format("t{}_c{}_g{}_d{}a{}_{}", config.tiles, config.ranks, config.groups,
                     config.depth, config.activation_depth, to_string(config.overlap));
}

SharedLayout shared_layout(DataType type, Sparsity sparsity, int m, const DecodeConfig& config) {
  SharedLayout layout;
  const int ring_begin = kBarrierRegion;
  layout.activations = ring_begin + config.depth * config.tiles * unit_bytes(type, sparsity);
  const int rings_end =
      layout.activations + config.activation_depth * padded_m(m) * chunk_row_bytes(sparsity);
  const Sharing share = sharing(m, config.ranks);
  layout.pieces_owned = ceil_div(config.tiles * 4, share.stride) * share.pieces;
  const int others = config.ranks * config.groups - 1;
  const int partial_bytes = others * layout.pieces_owned * kPieceOfSums;
  layout.partials_over_rings = rings_end + partial_bytes > kMaxSharedBytes;
  if (layout.partials_over_rings) {
    layout.partials = ring_begin;
    layout.staging = ring_begin + partial_bytes;
    const int staged_bytes = config.tiles * kStagedTokens * kRowBytes;
    layout.bytes = std::max(rings_end, layout.staging + staged_bytes);
  } else {
    layout.partials = rings_end;
    layout.bytes = rings_end + partial_bytes;
  }
  return layout;
}

}  // namespace twofour::providers::cuda::sm90
