#include "device/cuda/graph_length.h"

#include <algorithm>
#include <cmath>

namespace twofour::device::cuda {
namespace {

// Instantiating a graph takes about a microsecond a node.
constexpr std::int64_t kMostLaunches = 512;
constexpr std::int64_t kMostCopiesForTwoRounds = 1024;

}  // namespace

std::int64_t graph_length(int copies, double seconds_per_launch, double graph_s) {
  const std::int64_t round = std::max(copies, 1);
  const double estimate = std::max(seconds_per_launch, 1e-7);
  const auto wanted = static_cast<std::int64_t>(
      std::clamp(std::ceil(graph_s / estimate), 1.0, static_cast<double>(kMostLaunches)));
  const std::int64_t least_rounds = round > kMostCopiesForTwoRounds ? 1 : 2;
  const std::int64_t rounds = std::max(least_rounds, (wanted + round - 1) / round);
  return rounds * round;
}

}  // namespace twofour::device::cuda
