// The clock that launches are timed with.
#pragma once

namespace twofour::device::cpu {

/// Seconds on a clock that nothing adjusts (CLOCK_MONOTONIC_RAW). Waits for the work before it.
double now_s();

/// Smallest difference between two readings, found by reading often: what the clock resolves or
/// what a reading costs, whichever is more.
double measure_timer_resolution_s();

}  // namespace twofour::device::cpu
