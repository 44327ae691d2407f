#include "providers/cutlass/sm90/tile_orders.h"

#include <algorithm>
#include <cstdint>

#include "core/rounding.h"

namespace twofour::providers::cutlass::sm90 {
namespace {

/// CTAs with consecutive numbers that share what they read: about the SMs of a GPC. With this
/// number the model orders rasterisations as they were measured on an H200 (docs/log/cutlass.md).
constexpr std::int64_t kNeighbours = 16;
/// Cost of a byte that the whole GPU reads once, relative to one that each such group reads.
constexpr double kOfAllBlocks = 0.25;

/// The tiles of D in clusters, in the order of CUTLASS's scheduler: `swizzle` clusters along the
/// minor direction, then one step along the major one; at its end the next `swizzle` clusters.
struct Rasterisation {
  Tactic tactic;
  std::int64_t swizzle = 1;  ///< as the scheduler limits the tactic's
  std::int64_t minor = 1;    ///< clusters, padded to a multiple of the swizzle
  std::int64_t major = 1;

  /// Whether it is a single line of tiles, for which all orders are the same.
  [[nodiscard]] bool line() const { return minor == 1 || major == 1; }
};

class TileGrid {
 public:
  TileGrid(const KernelTraits& traits, const GemmShape& shape, int multiprocessors)
      : traits_(traits),
        columns_(ceil_div(shape.n, static_cast<std::int64_t>(traits.tile_m) * traits.cluster_m)),
        rows_(ceil_div(shape.m, static_cast<std::int64_t>(traits.tile_n) * traits.cluster_n)),
        running_(std::max(1, multiprocessors / (traits.cluster_m * traits.cluster_n))) {}

  [[nodiscard]] Rasterisation order(Raster raster, int swizzle) const {
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

  /// Whether padding to whole swizzles adds a wave of clusters: empty tiles cost as much as others.
  [[nodiscard]] bool adds_a_wave(const Rasterisation& order) const {
    return ceil_div(order.minor * order.major, running_) > ceil_div(columns_ * rows_, running_);
  }

  [[nodiscard]] double cost(const Rasterisation& order) const {
    return bytes(order, ceil_div(kNeighbours, traits_.cluster_m * traits_.cluster_n)) +
           kOfAllBlocks * bytes(order, running_);
  }

 private:
  /// Bytes of weights and activations that the next `clusters` clusters read for one k.
  [[nodiscard]] double bytes(const Rasterisation& order, std::int64_t clusters) const {
    const std::int64_t major = std::min(order.major, ceil_div(clusters, order.swizzle));
    const std::int64_t minor =
        std::min(order.minor, order.swizzle * ceil_div(clusters, order.swizzle * order.major));
    const bool along_n = order.tactic.raster == Raster::kAlongN;
    const auto columns = static_cast<double>(along_n ? minor : major);
    const auto rows = static_cast<double>(along_n ? major : minor);
    const double element = info(traits_.a).bits / 8.0;
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
  const TileGrid grid(traits, shape, multiprocessors);
  std::vector<Rasterisation> found;
  for (const int swizzle : {1, 2, 4, 8}) {
    for (const Raster raster : {Raster::kAlongM, Raster::kAlongN}) {
      const Rasterisation order = grid.order(raster, swizzle);
      const bool again = std::any_of(found.begin(), found.end(), [&](const Rasterisation& other) {
        return other.swizzle == order.swizzle &&
               (other.tactic.raster == raster || (other.line() && order.line()));
      });
      if (again || (swizzle > 1 && grid.adds_a_wave(order))) continue;
      found.push_back(order);
    }
  }
  std::stable_sort(found.begin(), found.end(), [&](const Rasterisation& x, const Rasterisation& y) {
    return grid.cost(x) < grid.cost(y);
  });
  if (found.size() > most) found.resize(most);
  std::vector<Tactic> orders;
  orders.reserve(found.size());
  for (const Rasterisation& order : found) orders.push_back(order.tactic);
  return orders;
}

}  // namespace twofour::providers::cutlass::sm90
