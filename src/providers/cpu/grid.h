// How threads share a launch.
#pragma once

#include <cstdint>

#include "core/parallel.h"

namespace twofour::providers::cpu {

/// Threads in a grid: `across` of them split the panels, `down` of them the row blocks;
/// across * down is at most the number of threads.
struct ThreadGrid {
  int across = 1;
  int down = 1;
};

/// The grid with the smallest largest share of `units` (of panels) times `blocks` (of rows). Among
/// equals the widest: a thread then reads weights that no other thread reads.
ThreadGrid choose_grid(int threads, std::int64_t units, std::int64_t blocks);

}  // namespace twofour::providers::cpu
