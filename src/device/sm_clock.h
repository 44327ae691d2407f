// The clock that the multiprocessors of a GPU really had over a stretch of time: their cycles over
// nanoseconds. What the driver calls the SM clock reads 10 to 13 % above it where a GPU is held to
// its power limit. Without a GPU, so that it can be tested with made-up stamps.
#pragma once

#include <cstdint>
#include <optional>
#include <span>

namespace twofour::device {

/// What one thread read at one moment, on the multiprocessor that it ran on.
struct ClockStamp {
  std::uint64_t nanoseconds = 0;     ///< of the GPU's timer, read as soon as it had moved
  std::uint64_t cycles = 0;          ///< of the multiprocessor's counter, right after that
  std::uint32_t multiprocessor = 0;  ///< its number
  std::uint32_t moved = 0;  ///< 0: the timer did not move while the thread waited; not usable
};

/// MHz from stamps at the beginning and at the end of a stretch: the median over multiprocessors of
/// cycles over time. Of several stamps of one multiprocessor those count that make the stretch
/// shortest. Both counters may wrap. Not usable are multiprocessors that lack a stamp, a stretch
/// below 100 microseconds or above a minute, and a clock that no GPU has (below 1 MHz or above 10
/// GHz). Nothing where fewer than half of `multiprocessors` are usable.
std::optional<double> effective_mhz(std::span<const ClockStamp> begin,
                                    std::span<const ClockStamp> end, int multiprocessors);

}  // namespace twofour::device
