// Which processors this process may use, and the caches that they share.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "device/cpu/host_files.h"

namespace twofour::device::cpu {

/// One cache, not one size of cache: a machine has many first-level caches.
struct Cache {
  int level = 0;
  std::string type;  ///< "Data", "Instruction" or "Unified"
  std::size_t bytes = 0;
  std::vector<int> shared_cpus;
};

struct Topology {
  /// Usable processors in the order in which threads take them: one of each physical core, then
  /// the cores' second processors, and so on.
  std::vector<int> cpus;
  int cores = 0;              ///< physical cores among them
  std::vector<Cache> caches;  ///< of these processors, each once
};

/// `allowed` are the processors of the affinity mask, ascending. Without sysfs each of them counts
/// as a core, and there are no caches.
Topology read_topology(const HostFiles& files, std::span<const int> allowed);

/// One thread for each physical core, but no more than `quota` processors' time allows; at least 1.
int default_threads(const Topology& topology, std::optional<double> quota);

struct LastLevelCache {
  std::size_t bytes = 0;
  std::string source;
};

/// What `threads` threads can keep in the caches of the highest level that they reach: all of those
/// caches together. Of a virtual machine this is an upper bound, since it may be shown the cache
/// of its whole host; it errs on the cold side. Where sysfs tells nothing, what the processor says
/// of itself; then 32 MiB.
LastLevelCache last_level_cache(const Topology& topology, int threads, bool virtual_machine);

/// "2 x 32 KiB, 1 processor each" for the data or unified caches of `level`; empty when
/// there are none.
std::string describe_caches(const Topology& topology, int level);

}  // namespace twofour::device::cpu
