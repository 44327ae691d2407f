#include "providers/cpu/grid.h"

namespace twofour::providers::cpu {

ThreadGrid choose_grid(int threads, std::int64_t units, std::int64_t blocks) {
  ThreadGrid best;
  std::int64_t best_share = units * blocks;
  for (int down = 1; down <= threads; ++down) {
    const int across = threads / down;
    const std::int64_t share = ((units + across - 1) / across) * ((blocks + down - 1) / down);
    if (share < best_share) {
      best = {across, down};
      best_share = share;
    }
  }
  return best;
}

}  // namespace twofour::providers::cpu
