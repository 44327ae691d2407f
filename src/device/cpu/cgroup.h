// What the control groups of this process leave it: a container's share of the machine.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>

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

/// Periods of one group's CPU quota since the group was made, and those in which the quota ran out
/// and stopped its processes.
struct QuotaPeriods {
  std::uint64_t periods = 0;
  std::uint64_t throttled = 0;
  bool operator==(const QuotaPeriods&) const = default;
};

/// Those of each group on the way to the root that has a quota, by its folder (cpu.stat); empty
/// where none has one or nothing can be read.
std::map<std::string, QuotaPeriods> read_quota_periods(const HostFiles& files);

/// What came between two readings: that of the group in which the largest share of periods was
/// throttled; nothing where no group has a quota.
std::optional<QuotaPeriods> throttled_between(const std::map<std::string, QuotaPeriods>& before,
                                              const std::map<std::string, QuotaPeriods>& after);

}  // namespace twofour::device::cpu
