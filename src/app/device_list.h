// From a --device value that means several devices of this host to the devices.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "app/devices.h"
#include "app/options.h"
#include "device/cpu/host_files.h"

namespace twofour::app {

/// One of several devices.
struct ListedDevice {
  DeviceChoice choice;  ///< means this one alone
  DeviceId id;          ///< of a CPU: its name with its part, as the device has it
  std::string kind;     ///< what devices have in common on which rows may be measured that belong
                        ///< together, in words
  std::vector<int> cpus = {};  ///< of a CPU: its processors
};

/// "cpu:0-7", "cuda:1".
std::string name_of(const ListedDevice& device);

/// What is known of processors.
struct CpuAccess {
  device::cpu::HostFiles files;
  std::vector<int> allowed;  ///< that the process may use, ascending
};
/// Those of this host and process.
CpuAccess cpu_access();

/// The devices of a list, at least one. Throws UsageError where one is not here, or none. May start
/// threads, as a GPU's library does.
std::vector<ListedDevice> list_devices(const DeviceList& list, const GpuAccess& gpus = gpu_access(),
                                       const CpuAccess& cpus = cpu_access());

/// The same, found by a child process, so that this one can go on to start others. Throws
/// DevicesUnknown where it cannot tell and has said why.
struct DevicesUnknown {
  int code;  ///< for the program to end with
};
std::vector<ListedDevice> devices_by_child(const DeviceList& list);

/// Throws UsageError where cases cannot be split over `devices`, because those differ.
void require_alike(std::span<const ListedDevice> devices);

/// For each device the number of its kind, in order of appearance.
std::vector<int> kinds_of(std::span<const ListedDevice> devices);

/// What a person should know of measuring on them at the same time, a line each.
std::vector<std::string> notes_on(std::span<const ListedDevice> devices);

/// Binds this process to processors and memory near a GPU. Returns to which node, in words; empty
/// where that is not known or not possible.
std::string stay_near(const DeviceId& gpu);

}  // namespace twofour::app
