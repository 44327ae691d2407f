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
  return fmt::format("t{}_c{}_g{}_d{}a{}{}_{}", config.tiles, config.ranks, config.groups,
                     config.depth, config.activation_depth, config.staged ? "s" : "",
                     to_string(config.overlap));
}

SharedLayout shared_layout(DataType type, Sparsity sparsity, int m, const DecodeConfig& config) {
  SharedLayout layout;
  const int ring_begin = kBarrierRegion;
  layout.activations = ring_begin + config.depth * config.tiles * unit_bytes(type, sparsity);
  const int rings_end = layout.activations +
                        config.activation_depth * padded_m(m) * chunk_row_bytes(sparsity);
  const int warps = config.tiles * 4;
  const int pieces_of_warp = ceil_div(m, 8);
  layout.pieces_owned = ceil_div(warps * pieces_of_warp, config.ranks);
  const int others = config.ranks * config.groups - 1;
  const int partial_bytes = others * layout.pieces_owned * kPieceOfSums;
  const bool stages = config.staged && config.ranks > 1;
  const int staging_bytes = stages ? config.groups * warps * config.ranks *
                                         ceil_div(pieces_of_warp, config.ranks) * kPieceOfSums
                                   : 0;
  const bool beside = rings_end + partial_bytes + staging_bytes <= kMaxSharedBytes;
  layout.partials_over_rings = !beside;
  layout.partials = beside ? rings_end : ring_begin;
  layout.staging = stages ? layout.partials + partial_bytes : 0;
  layout.bytes = std::max(rings_end, layout.partials + partial_bytes + staging_bytes);
  return layout;
}

}  // namespace twofour::providers::cuda::sm90
