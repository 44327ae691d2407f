// The processor in words: what a record needs so that its numbers can be judged later.
#pragma once

#include "core/environment.h"
#include "device/cpu/cgroup.h"
#include "device/cpu/host_files.h"
#include "device/cpu/topology.h"

namespace twofour::device::cpu {

/// Everything about the device but `details` that depend on how its threads are bound.
DeviceInfo describe_cpu(const HostFiles& files, const Topology& topology,
                        const CgroupLimits& limits, int threads);

}  // namespace twofour::device::cpu
