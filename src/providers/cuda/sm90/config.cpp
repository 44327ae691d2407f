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
  return fmt::format("t{}_c{}_g{}_d{}_{}", config.tiles, config.ranks, config.groups, config.depth,
                     to_string(config.overlap));
}

SharedLayout shared_layout(DataType type, Sparsity sparsity, int m, const DecodeConfig& config) {
  SharedLayout layout;
  const int rows = config.tiles * kUnitRows;
  layout.rows_owned = round_up((rows + config.ranks - 1) / config.ranks, 8);
  const int ring_begin = kBarrierRegion;
  layout.activations = ring_begin + config.depth * config.tiles * unit_bytes(type, sparsity);
  const int rings_end = layout.activations + config.depth * padded_m(m) * chunk_row_bytes(sparsity);
  const int partial_bytes = config.ranks * config.groups * m * (layout.rows_owned + 4) * 4;
  const int vector_bytes = round_up((2 * layout.rows_owned + m) * 4, 16);
  const bool beside = rings_end + partial_bytes + vector_bytes <= kMaxSharedBytes;
  layout.partials_over_rings = !beside;
  layout.partials = beside ? rings_end : ring_begin;
  layout.vectors =
      beside ? rings_end + partial_bytes : std::max(rings_end, ring_begin + partial_bytes);
  layout.bytes = layout.vectors + vector_bytes;
  return layout;
}

}  // namespace twofour::providers::cuda::sm90
