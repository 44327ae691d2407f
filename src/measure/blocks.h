// Measurement under sustained load: two kernels in turns, each alone for seconds at a time, so that
// each runs at the clock and the power that are its own. It knows timed loops and numbers, but no
// kernels, and does no input or output.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <optional>
#include <stop_token>
#include <vector>

#include "core/sustained.h"
#include "device/timer.h"
#include "measure/measure.h"

namespace twofour::measure {

struct BlockConfig {
  double block_s = 2;     ///< the least length of a block
  double settle_s = 0.5;  ///< its beginning, in which clocks and power settle, and nothing counts
  /// Launches go to the device by pieces of about this length. The energy counter is read between
  /// them, so that a block's joules are exact to about one piece of two.
  double piece_s = 0.01;
  int pairs = 6;                            ///< the least for which a 95 % interval exists
  std::function<void()> before_block = {};  ///< called before each block; empty: nothing is
};

/// What one block says.
struct Block {
  double launch_s = 0;                  ///< device time for one launch
  std::optional<double> launch_j;       ///< joules for one launch, idle power included
  std::optional<double> effective_mhz;  ///< of the pieces that tell it, weighted by their times
  double counted_s = 0;  ///< wall time from one step of the energy counter to another
  double counted_j = 0;
};

/// Blocks of the two loops, in turns: the first, the second, the first, ...
struct BlockPairs {
  std::array<std::vector<Block>, 2> blocks;  ///< of equal length
  bool interrupted = false;                  ///< fewer pairs than asked for
};

/// The wall time that one case takes: what --dry-run says.
double sustained_seconds(const BlockConfig& config);

/// Runs config.pairs pairs of blocks. A pair that `stop` interrupts is dropped. Exceptions of a
/// loop pass through.
BlockPairs sample_blocks(device::TimedLoop& first, device::TimedLoop& second,
                         const EnergyCounter& energy, const BlockConfig& config,
                         std::stop_token stop = {}, const Clock& clock = steady_seconds);

/// The blocks of one kernel as a record has them, without ratios.
Sustained sustained_of(const std::vector<Block>& blocks);

/// The ratios of the second kernel to the first, block by block, into `kernel`.
void compare_blocks(const Sustained& baseline, Sustained& kernel);

}  // namespace twofour::measure
