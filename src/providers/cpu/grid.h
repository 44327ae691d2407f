// How threads share a launch.
#pragma once

#include <cstdint>

#include "core/parallel.h"

namespace twofour::providers::cpu {

/// Threads as a grid over D: N is split between `across` of them by panels, M between `down` of
/// them by row blocks. across * down is at most the number of threads.
struct ThreadGrid {
  int across = 1;
  int down = 1;
};

/// The grid whose busiest thread has the fewest (unit of panels, row block) pairs, of `units` times
/// `blocks`. Among equals the widest one, in which fewest threads read the same weights.
ThreadGrid choose_grid(int threads, std::int64_t units, std::int64_t blocks);

}  // namespace twofour::providers::cpu
