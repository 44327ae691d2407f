// How many threads can be had.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "device/cpu/topology.h"

namespace twofour::device::cpu {

/// Starts up to `wanted` - 1 threads beside the calling one, waits for them and returns how many
/// there were at once, the calling one among them: a limit on processes (RLIMIT_NPROC, pids.max of
/// a control group) or on memory for their stacks may leave less. The OpenMP runtime ends the
/// program where it cannot start one.
int startable_threads(int wanted);

/// What is known of a team that will compute.
struct Team {
  int wanted = 1;
  int threads = 1;              ///< that can be had
  int processors = 1;           ///< of the affinity mask
  std::optional<double> quota;  ///< of the control groups, in processors; nothing: none
};

/// What a person should know of it: it is smaller than asked for, it shares processors, or it
/// exceeds the quota. A line each; mostly none.
std::vector<std::string> team_notes(const Team& team);

}  // namespace twofour::device::cpu
