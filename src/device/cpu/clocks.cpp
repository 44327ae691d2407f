#include "device/cpu/clocks.h"

#include <algorithm>
#include <limits>
#include <string>

#include "device/cpu/timer.h"

namespace twofour::device::cpu {
namespace {

std::optional<double> degrees(std::optional<std::uint64_t> thousandths) {
  if (!thousandths) return std::nullopt;
  return static_cast<double>(*thousandths) / 1000;
}

}  // namespace

std::optional<double> measure_core_mhz() {
#if defined(__x86_64__)
  constexpr int kBlocks = 500;
  constexpr double kAdditions = 64.0 * kBlocks;
  double best_s = std::numeric_limits<double>::infinity();
  // Two registers: adding a constant takes some processors (Golden Cove) no time at all.
  const std::uint64_t one = 1;
  // The shortest time is the one that nothing interrupted.
  for (int run = 0; run < 8; ++run) {
    std::uint64_t value = 0;
    const double start = now_s();
    for (int i = 0; i < kBlocks; ++i) {
      asm volatile(".rept 64\n\tadd %1, %0\n\t.endr" : "+r"(value) : "r"(one) : "cc");
    }
    best_s = std::min(best_s, now_s() - start);
  }
  return kAdditions / best_s * 1e-6;
#else
  return std::nullopt;
#endif
}

std::optional<double> read_temperature_c(const HostFiles& files) {
  const std::string monitors = "sys/class/hwmon/";
  for (const std::string& name : files.names(monitors)) {
    const std::string driver = files.text(monitors + name + "/name").value_or("");
    if (driver != "coretemp" && driver != "k10temp" && driver != "zenpower") continue;
    if (const auto c = degrees(files.number(monitors + name + "/temp1_input"))) return c;
  }
  const std::string zones = "sys/class/thermal/";
  for (const std::string& name : files.names(zones)) {
    if (files.text(zones + name + "/type") != "x86_pkg_temp") continue;
    if (const auto c = degrees(files.number(zones + name + "/temp"))) return c;
  }
  return std::nullopt;
}

std::optional<std::uint64_t> read_throttle_count(const HostFiles& files) {
  std::optional<std::uint64_t> total;
  const std::string cpus = "sys/devices/system/cpu/";
  for (const std::string& name : files.names(cpus)) {
    const auto count = files.number(cpus + name + "/thermal_throttle/core_throttle_count");
    if (count) total = total.value_or(0) + *count;
  }
  return total;
}

}  // namespace twofour::device::cpu
