// Part of a machine's processors as a device: a NUMA node, or a list of processors.
#pragma once

#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <vector>

#include "device/cpu/host_files.h"

namespace twofour::device::cpu {

/// Neither: all that the process may use.
struct CpuPart {
  std::optional<int> node;
  std::vector<int> cpus;  ///< ascending
};

/// A part that is not here, or not for this process. what() says what there is.
struct NoSuchPart : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// The processors of `part` among `allowed`, which are those that the process may use, ascending.
/// Of a node those count that are allowed. Throws NoSuchPart.
std::vector<int> cpus_of(const CpuPart& part, const HostFiles& files, std::span<const int> allowed);

/// The NUMA nodes on which `cpus` are, ascending; none where Linux does not tell.
std::vector<int> nodes_of(std::span<const int> cpus, const HostFiles& files);

/// What tells a part from others of its machine: "node0", "cpu 0-7,16-23"; empty: it is the whole.
std::string part_name(const CpuPart& part);

/// Binds this thread, and those that it starts, to the processors of `part`. Where they are on one
/// node memory comes from there as long as it has some. Returns what was done about memory, in
/// words. Throws NoSuchPart, and std::runtime_error where the operating system refuses.
std::string confine_to(const CpuPart& part, const HostFiles& files);

}  // namespace twofour::device::cpu
