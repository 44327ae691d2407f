#include "providers/cutlass/sm90/tile_orders.h"

#include <algorithm>
#include <cstdint>

#include "core/rounding.h"

namespace twofour::providers::cutlass::sm90 {
namespace {

/// Blocks with consecutive numbers that share what they read: about the multiprocessors of a GPC of
/// an H200, whose orders by this model are those that were measured (docs/log/cutlass.md).
constexpr std::int64_t kNeighbours = 16;
/// What a byte counts that the whole GPU reads, of one that such neighbours read.
constexpr double kOfAllBlocks = 0.25;

/// The tiles of D in clusters, as CUTLASS's scheduler walks them: `swizzle` along the minor
/// direction, then one step along the major one; at its end the next `swizzle`.
struct Walk {
  Tactic tactic;
  std::int64_t swizzle = 1;  ///< what the scheduler makes of the tactic's
  std::int64_t minor = 1;    ///< clusters, padded to a multiple of the swizzle
  std::int64_t major = 1;

  /// Whether it is a single line of tiles, which all orders walk alike.
  [[nodiscard]] bool line() const { return minor == 1 || major == 1; }
};

class Walks {
 public:
  Walks(const KernelTraits& traits, const GemmShape& shape, int multiprocessors)
      : traits_(traits),
        columns_(ceil_div(shape.n, static_cast<std::int64_t>(traits.tile_m) * traits.cluster_m)),
        rows_(ceil_div(shape.m, static_cast<std::int64_t>(traits.tile_n) * traits.cluster_n)),
        running_(std::max(1, multiprocessors / (traits.cluster_m * traits.cluster_n))) {}

  [[nodiscard]] Walk walk(Raster raster, int swizzle) const {
    const std::int64_t least = std::min(columns_ * traits_.cluster_m, rows_ * traits_.cluster_n);
    std::int64_t effective = 1;  // the largest that CUTLASS takes for so few tiles
    if (swizzle >= 8 && least >= 6) {
      effective = 8;
    } else if (swizzle >= 4 && least >= 3) {
      effective = 4;
    } else if (swizzle >= 2 && least >= 2) {
      effective = 2;
    }
    const std::int64_t columns = round_up(columns_, effective);
    const std::int64_t rows = round_up(rows_, effective);
    const bool along_n = raster == Raster::kAlongN;
    return {.tactic = {.swizzle = swizzle, .raster = raster},
            .swizzle = effective,
            .minor = along_n ? columns : rows,
            .major = along_n ? rows : columns};
  }

  /// Empty tiles cost as much as others.
  [[nodiscard]] bool adds_a_wave(const Walk& walk) const {
    return ceil_div(walk.minor * walk.major, running_) > ceil_div(columns_ * rows_, running_);
  }

  [[nodiscard]] double cost(const Walk& walk) const {
    return bytes(walk, ceil_div(kNeighbours, traits_.cluster_m * traits_.cluster_n)) +
           kOfAllBlocks * bytes(walk, running_);
  }

 private:
  /// Bytes of weights and activations that the next `clusters` need for one element of K.
  [[nodiscard]] double bytes(const Walk& walk, std::int64_t clusters) const {
    const std::int64_t major = std::min(walk.major, ceil_div(clusters, walk.swizzle));
    const std::int64_t minor =
        std::min(walk.minor, walk.swizzle * ceil_div(clusters, walk.swizzle * walk.major));
    const bool along_n = walk.tactic.raster == Raster::kAlongN;
    const auto columns = static_cast<double>(along_n ? minor : major);
    const auto rows = static_cast<double>(along_n ? major : minor);
    const double element = size_of(traits_.a);
    const double weight = traits_.sparsity == Sparsity::kTwoFour ? element / 2 + 0.125 : element;
    return columns * traits_.cluster_m * traits_.tile_m * weight +
           rows * traits_.cluster_n * traits_.tile_n * element;
  }

  const KernelTraits& traits_;
  std::int64_t columns_;  ///< of D, in clusters
  std::int64_t rows_;
  std::int64_t running_;  ///< clusters at a time
};

}  // namespace

std::vector<Tactic> tile_orders(const KernelTraits& traits, const GemmShape& shape,
                                int multiprocessors, std::size_t most) {
  const Walks walks(traits, shape, multiprocessors);
  std::vector<Walk> found;
  for (const int swizzle : {1, 2, 4, 8}) {
    for (const Raster raster : {Raster::kAlongM, Raster::kAlongN}) {
      const Walk walk = walks.walk(raster, swizzle);
      const bool again = std::any_of(found.begin(), found.end(), [&](const Walk& other) {
        return other.swizzle == walk.swizzle &&
               (other.tactic.raster == raster || (other.line() && walk.line()));
      });
      if (again || (swizzle > 1 && walks.adds_a_wave(walk))) continue;
      found.push_back(walk);
    }
  }
  std::stable_sort(found.begin(), found.end(),
                   [&](const Walk& x, const Walk& y) { return walks.cost(x) < walks.cost(y); });
  if (found.size() > most) found.resize(most);
  std::vector<Tactic> orders;
  orders.reserve(found.size());
  for (const Walk& walk : found) orders.push_back(walk.tactic);
  return orders;
}

}  // namespace twofour::providers::cutlass::sm90
