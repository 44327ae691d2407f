// The processor as a device.
#pragma once

#include <memory>

#include "device/cpu/cpu_part.h"
#include "device/device.h"

namespace twofour::device {

/// The processor this process runs on. `threads` compute; 0 means one for each physical core that
/// the process may use (its affinity mask and the cgroup's processor quota count). With `pin` the
/// calling thread and the OpenMP team that it leads are bound to one processor each until the
/// device is destroyed, by the same thread; where the operating system refuses, the device's
/// details say so. Where fewer threads can be had, those compute, and the device's notes and its
/// description say so. With a `part` of the machine, that is the device: the calling thread stays
/// bound to it. Throws std::runtime_error when the affinity mask cannot be read or set, and
/// cpu::NoSuchPart.
std::unique_ptr<Device> make_cpu_device(int threads, bool pin, const cpu::CpuPart& part = {});

}  // namespace twofour::device
