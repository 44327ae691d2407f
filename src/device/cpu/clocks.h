// What the processor runs at now.
#pragma once

#include <cstdint>
#include <optional>

#include "core/environment.h"
#include "device/cpu/host_files.h"

namespace twofour::device::cpu {

/// Clock of the core that the calling thread runs on: additions that wait for one another take a
/// cycle each. Takes about a tenth of a millisecond. Nothing on other processors than x86-64.
std::optional<double> measure_core_mhz();

/// Temperature of the processor package in degrees Celsius, of the sensors that Linux knows under
/// hwmon (coretemp, k10temp, zenpower) or as a thermal zone (x86_pkg_temp).
std::optional<double> read_temperature_c(const HostFiles& files);

/// How often cores have throttled for heat since the machine started, all cores together; nothing
/// where that is not counted.
std::optional<std::uint64_t> read_throttle_count(const HostFiles& files);

}  // namespace twofour::device::cpu
