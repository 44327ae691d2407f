#include "device/cpu/timer.h"

#include <ctime>
#include <utility>
#include <vector>

#include "core/median.h"

namespace twofour::device::cpu {

double now_s() {
  timespec time{};
  clock_gettime(CLOCK_MONOTONIC_RAW, &time);
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) * 1e-9;
}

double measure_timer_resolution_s() {
  // The median, since a difference can be short by the granularity of the clock.
  std::vector<double> differences(1001);
  for (double& difference : differences) {
    const double start = now_s();
    double end = start;
    while (end <= start) end = now_s();
    difference = end - start;
  }
  return median(std::move(differences));
}

}  // namespace twofour::device::cpu
