// What other processes, and other virtual machines on the same host, take of the processors.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "device/cpu/host_files.h"

namespace twofour::device::cpu {

/// Seconds since some moment, all processors of a list together, by /proc/stat (proc(5)), which
/// counts in hundredths of a second.
struct LoadReading {
  double at_s = 0;    ///< of the clock
  double busy_s = 0;  ///< user, nice, system and interrupts, whoever's
  /// A processor was there for this machine, and its host ran another one; nothing where the system
  /// does not count that.
  std::optional<double> steal_s = std::nullopt;
  double own_s = 0;  ///< processor time of this process
  std::size_t processors = 0;
};

/// Nothing where /proc/stat does not have the processors. An empty list: all that it has.
std::optional<LoadReading> read_load(const HostFiles& files, std::span<const int> processors);

/// Shares of the time of the processors, from 0 to 1.
struct ForeignLoad {
  double foreign = 0;                           ///< other processes ran
  std::optional<double> stolen = std::nullopt;  ///< nothing: not known
};

/// Between two readings; nothing where too little time passed to tell a hundredth of a second.
std::optional<ForeignLoad> foreign_between(const LoadReading& before, const LoadReading& after);

/// Threads of the machine that run or wait for a processor (procs_running), this one left out.
std::optional<int> running_beside(const HostFiles& files);

}  // namespace twofour::device::cpu
