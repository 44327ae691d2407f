#include "device/cpu/cpu_device.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cstddef>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "core/parallel.h"
#include "device/cpu/cgroup.h"
#include "device/cpu/describe.h"
#include "device/cpu/parts.h"
#include "device/cpu/rapl.h"
#include "device/cpu/team.h"
#include "device/cpu/topology.h"

namespace twofour::device {
namespace {

/// Binds a team of `threads` to the first processors of `topology`. Null where the operating system
/// refuses. `outcome` says what was done.
std::unique_ptr<cpu::ThreadPinning> pin_team(const cpu::Topology& topology, int threads,
                                             std::string& outcome) {
  const auto used = std::min(topology.cpus.size(), static_cast<std::size_t>(threads));
  std::vector<int> cpus(topology.cpus.begin(),
                        topology.cpus.begin() + static_cast<std::ptrdiff_t>(used));
  outcome = fmt::format("{}", fmt::join(cpus, ","));
  try {
    return std::make_unique<cpu::ThreadPinning>(std::move(cpus), threads);
  } catch (const std::runtime_error& error) {
    outcome = fmt::format("nothing: {}", error.what());
    return nullptr;
  }
}

}  // namespace

std::unique_ptr<Device> make_cpu_device(int threads, bool pin, const cpu::CpuPart& part) {
  const cpu::HostFiles files("/");
  const std::string part_name = cpu::part_name(part);
  const std::string memory_from = part_name.empty() ? "" : cpu::confine_to(part, files);
  const cpu::Topology topology = cpu::read_topology(files, cpu::allowed_cpus());
  const cpu::CgroupLimits limits = cpu::read_cgroup_limits(files);
  const int wanted = threads > 0 ? threads : cpu::default_threads(topology, limits.cpus);
  const int team = team_size(cpu::startable_threads(wanted));
  DeviceInfo info = cpu::describe_cpu(files, topology, limits, team);
  if (!part_name.empty()) {
    // Another part of the machine is another device.
    info.id.name = fmt::format("{} ({})", info.id.name, part_name);
    info.details["memory_from"] = memory_from;
  }
  std::unique_ptr<cpu::ThreadPinning> pinning;
  std::string& pinned_to = info.details["pinned_to"];
  pinned_to = "nothing";
  if (pin) pinning = pin_team(topology, team, pinned_to);
  const bool pinning_used = pinning != nullptr;
  auto timer = std::make_unique<cpu::CpuTimer>(std::move(pinning), team);
  info.details["timer"] =
      fmt::format("CLOCK_MONOTONIC_RAW, resolves {:.0f} ns", timer->resolution_s() * 1e9);
  auto memory = std::make_unique<cpu::HostMemory>(files, team);
  auto probe = std::make_unique<cpu::CpuProbe>(files, team, info.last_level_cache_bytes.value_or(0),
                                               *memory);
  std::vector<int> computing = topology.cpus;
  if (pinning_used) computing.resize(std::min(computing.size(), static_cast<std::size_t>(team)));
  cpu::Rapl energy(files, computing);
  info.details[std::string(cpu::kEnergyDetail)] = energy.description();
  probe->count_energy(std::move(energy));
  probe->watch_processors(std::move(computing));
  auto operands = std::make_unique<cpu::HostOperandSource>(team, *memory);
  auto device =
      std::make_unique<Device>(std::move(info), Device::Parts{.memory = std::move(memory),
                                                              .timer = std::move(timer),
                                                              .probe = std::move(probe),
                                                              .operands = std::move(operands)});
  for (std::string& note : cpu::team_notes({.wanted = wanted,
                           .threads = team,
                           .processors = static_cast<int>(topology.cpus.size()),
                           .quota = limits.cpus})) {
    device->add_note(std::move(note));
  }
  return device;
}

}  // namespace twofour::device
