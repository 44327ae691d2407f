#include "app/device_list.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cerrno>
#include <exception>
#include <map>
#include <stdexcept>
#include <utility>

#include "app/exit_code.h"
#include "app/failure.h"
#include "app/option_names.h"
#include "core/cpu_list.h"
#include "core/streams.h"
#include "device/cpu/cgroup.h"
#include "device/cpu/cpu_part.h"
#include "device/cpu/describe.h"
#include "device/cpu/pinning.h"
#include "device/cpu/topology.h"
#include "run/child_process.h"
#include "run/part_file.h"

namespace twofour::app {
namespace {

namespace cpu = device::cpu;

ListedDevice listed_gpu(const DeviceId& id) {
  return {.choice = {.kind = DeviceKind::kCuda, .ordinal = id.ordinal, .numbered = true},
          .id = id,
          .kind = id.name};
}

/// Throws UsageError.
std::vector<ListedDevice> list_gpus(const DeviceList& list, const GpuAccess& gpus) {
  std::vector<DeviceId> ids;
  try {
    ids = gpus.list();
  } catch (const std::exception& error) {
    throw UsageError(fmt::format("{}: '{}' means {}GPUs, and there is none: {}", option::kDevice,
                                 to_string(list), list.named.empty() ? "all " : "", error.what()));
  }
  std::vector<ListedDevice> found;
  if (list.named.empty()) {
    for (const DeviceId& id : ids) found.push_back(listed_gpu(id));
    return found;
  }
  for (const DeviceChoice& choice : list.named) {
    const DeviceId& id = choose_gpu(choice, ids);
    // Of one GPU the number and the UUID may be there.
    for (const ListedDevice& other : found) {
      if (other.id.ordinal != id.ordinal) continue;
      throw UsageError(fmt::format("{}: '{}' names cuda:{} twice; each device once",
                                   option::kDevice, to_string(list), id.ordinal));
    }
    found.push_back(listed_gpu(id));
  }
  return found;
}

ListedDevice listed_cpu(const DeviceChoice& choice, const CpuAccess& cpus) {
  const cpu::HostFiles& files = cpus.files;
  const cpu::CpuPart part{.node = choice.node, .cpus = choice.cpus};
  ListedDevice found{.choice = choice, .id = {}, .kind = {}};
  try {
    found.cpus = cpu::cpus_of(part, files, cpus.allowed);
  } catch (const cpu::NoSuchPart& error) {
    throw UsageError(
        fmt::format("{}: '{}' is not here: {}", option::kDevice, to_string(choice), error.what()));
  }
  const cpu::Topology topology = cpu::read_topology(files, found.cpus);
  found.id = cpu::describe_cpu(files, topology, cpu::read_cgroup_limits(files), 1).id;
  found.kind = fmt::format("{}, {} {} of {} {}", found.id.name, found.cpus.size(),
                           found.cpus.size() == 1 ? "processor" : "processors", topology.cores,
                           topology.cores == 1 ? "core" : "cores");
  if (const std::string name = cpu::part_name(part); !name.empty()) {
    found.id.name = fmt::format("{} ({})", found.id.name, name);
  }
  return found;
}

std::vector<ListedDevice> list_cpus(const DeviceList& list, const CpuAccess& cpus) {
  std::vector<DeviceChoice> choices = list.named;
  if (choices.empty()) {
    for (const int node : cpu::nodes_of(cpus.allowed, cpus.files)) {
      choices.push_back({.kind = DeviceKind::kCpu, .node = node});
    }
    if (choices.empty()) {
      throw UsageError(
          fmt::format("{}: '{}' means all NUMA nodes, and this machine tells of none; use cpu",
                      option::kDevice, to_string(list)));
    }
  }
  std::vector<ListedDevice> found;
  std::map<int, std::string> user_of;
  for (const DeviceChoice& choice : choices) {
    found.push_back(listed_cpu(choice, cpus));
    for (const int number : found.back().cpus) {
      const auto [user, is_new] = user_of.try_emplace(number, name_of(found.back()));
      if (is_new) continue;
      throw UsageError(fmt::format("{}: '{}' has processor {} in {} and in {}; each in one",
                                   option::kDevice, to_string(list), number, user->second,
                                   name_of(found.back())));
    }
  }
  return found;
}

/// What a child tells its parent: a device a line, its fields behind tabs.
std::string line_of(const ListedDevice& device) {
  return fmt::format("{}\t{}\t{}\t{}\t{}\t{}\t{}\n", to_string(device.choice), device.id.ordinal,
                     device.id.name, device.id.uuid, device.id.pci_address, device.kind,
                     cpu_list_text(device.cpus));
}

std::vector<std::string> split(std::string_view text, char separator) {
  std::vector<std::string> parts;
  while (true) {
    const std::size_t end = std::min(text.find(separator), text.size());
    parts.emplace_back(text.substr(0, end));
    if (end == text.size()) return parts;
    text.remove_prefix(end + 1);
  }
}

ListedDevice device_of(const std::string& line) {
  const std::vector<std::string> fields = split(line, '\t');
  ListedDevice device{.choice = parse_device_choice(fields.at(0)).value(),
                      .id = {.ordinal = std::stoi(fields.at(1)),
                             .name = fields.at(2),
                             .uuid = fields.at(3),
                             .pci_address = fields.at(4)},
                      .kind = fields.at(5),
                      .cpus = read_cpu_list(fields.at(6)).value_or(std::vector<int>{})};
  device.id.kind = *device.choice.kind;
  return device;
}

std::string read_all(int descriptor) {
  std::string text;
  std::array<char, 4096> block{};
  while (true) {
    const ssize_t count = read(descriptor, block.data(), block.size());
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return text;
    text.append(block.data(), static_cast<std::size_t>(count));
  }
}

}  // namespace

std::string name_of(const ListedDevice& device) { return to_string(device.choice); }

CpuAccess cpu_access() { return {.files = cpu::HostFiles("/"), .allowed = cpu::allowed_cpus()}; }

std::vector<ListedDevice> list_devices(const DeviceList& list, const GpuAccess& gpus,
                                       const CpuAccess& cpus) {
  const bool are_gpus = list.all == DeviceList::All::kGpus ||
                        (!list.named.empty() && list.named.front().kind == DeviceKind::kCuda);
  return are_gpus ? list_gpus(list, gpus) : list_cpus(list, cpus);
}

std::vector<ListedDevice> devices_by_child(const DeviceList& list) {
  int ends[2] = {};
  if (pipe2(ends, O_CLOEXEC) != 0) {
    throw std::system_error(errno, std::generic_category(), "cannot make a pipe");
  }
  run::Descriptor from_child(ends[0]);
  run::Descriptor to_parent(ends[1]);
  run::ChildProcess child([&] {
    return exit_code_of_all([&] {
      std::string text;
      for (const ListedDevice& device : list_devices(list)) text += line_of(device);
      return write_all(to_parent.get(), text) == 0 ? kExitOk : kExitFailed;
    });
  });
  to_parent.reset();
  const std::string text = read_all(from_child.get());
  const int status = child.wait();
  if (!WIFEXITED(status)) throw std::runtime_error("the process that looks for devices was ended");
  if (WEXITSTATUS(status) != kExitOk) throw DevicesUnknown{WEXITSTATUS(status)};
  std::vector<ListedDevice> found;
  for (const std::string& line : split(text, '\n')) {
    if (!line.empty()) found.push_back(device_of(line));
  }
  return found;
}

void require_alike(std::span<const ListedDevice> devices) {
  for (const ListedDevice& other : devices) {
    const ListedDevice& first = devices.front();
    if (other.kind == first.kind) continue;
    throw UsageError(fmt::format(
        "{}: 'split' needs devices that are alike, and {} is {}, {} is {}; {} replicate "
        "measures every case on each",
        option::kSpread, name_of(first), first.kind, name_of(other), other.kind, option::kSpread));
  }
}

std::vector<int> kinds_of(std::span<const ListedDevice> devices) {
  std::map<std::string, int> numbers;
  std::vector<int> kinds;
  for (const ListedDevice& device : devices) {
    const auto next = static_cast<int>(numbers.size());
    kinds.push_back(numbers.try_emplace(device.kind, next).first->second);
  }
  return kinds;
}

std::vector<std::string> notes_on(std::span<const ListedDevice> devices) {
  if (devices.front().cpus.empty()) return {};
  const cpu::HostFiles files("/");
  std::vector<int> all;
  int cores = 0;
  for (const ListedDevice& device : devices) {
    all.insert(all.end(), device.cpus.begin(), device.cpus.end());
    cores += cpu::read_topology(files, device.cpus).cores;
  }
  std::sort(all.begin(), all.end());
  if (cpu::read_topology(files, all).cores == cores) return {};
  return {
      fmt::format("{}: some processors of different devices are of one core, and slow each "
                  "other down",
                  option::kDevice)};
}

std::string stay_near(const DeviceId& gpu) {
  if (gpu.pci_address.empty()) return {};
  std::string address = gpu.pci_address;
  std::transform(address.begin(), address.end(), address.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  const cpu::HostFiles files("/");
  const auto node = files.number(fmt::format("sys/bus/pci/devices/{}/numa_node", address));
  if (!node) return {};  // "-1" where the machine has one
  try {
    const cpu::CpuPart part{.node = static_cast<int>(*node), .cpus = {}};
    const std::string memory = cpu::confine_to(part, files);
    return fmt::format("processors of node {}, memory {}", *node, memory);
  } catch (const std::exception&) {
    return {};  // as where a container has no processor there
  }
}

}  // namespace twofour::app
