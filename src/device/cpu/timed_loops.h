// Timing launches on the processor.
#pragma once

#include <memory>

#include "device/cpu/pinning.h"
#include "device/timer.h"

namespace twofour::device::cpu {

/// A loop for `spec.cache`: hot (one launch that is not timed, then the timed ones), rotating (slot
/// after slot, on from where the last run stopped) or flushing (each launch is timed by itself,
/// after the lines of `spec.weights` were flushed). device_s and host_s are the same. `pinning` may
/// be null; it must live as long as the loop.
std::unique_ptr<TimedLoop> make_timed_loop(LoopSpec spec, ThreadPinning* pinning, int threads);

}  // namespace twofour::device::cpu
