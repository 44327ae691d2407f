// What the control groups of this process leave it: a container's share of the machine.
#pragma once

#include <cstddef>
#include <optional>

#include "device/cpu/host_files.h"

namespace twofour::device::cpu {

/// The tightest limits on the way from this process's control group to the root; nothing where none
/// applies. Reads version 2 (cpu.max, memory.max) and version 1 (cpu.cfs_quota_us,
/// memory.limit_in_bytes) as the kernel's Documentation/admin-guide/cgroup-v{1,2} define them.
struct CgroupLimits {
  std::optional<double> cpus;  ///< processor time per time
  std::optional<std::size_t> memory_bytes;
  /// Limit less what is in use; page cache that can be dropped does not count as in use.
  std::optional<std::size_t> memory_free_bytes;
};

CgroupLimits read_cgroup_limits(const HostFiles& files);

}  // namespace twofour::device::cpu
