#include "device/cpu/cpu_part.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <linux/mempolicy.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <iterator>
#include <map>
#include <system_error>

#include "core/cpu_list.h"
#include "device/cpu/pinning.h"

namespace twofour::device::cpu {
namespace {

constexpr const char* kNodes = "sys/devices/system/node";
constexpr std::string_view kNode = "node";

/// The processors of each node.
std::map<int, std::vector<int>> read_nodes(const HostFiles& files) {
  std::map<int, std::vector<int>> nodes;
  for (const std::string& name : files.names(kNodes)) {
    if (!name.starts_with(kNode)) continue;
    const auto number = leading_number(std::string_view(name).substr(kNode.size()));
    if (!number) continue;
    const auto list = files.text(fmt::format("{}/{}/cpulist", kNodes, name));
    nodes[static_cast<int>(*number)] = parse_cpu_list(list.value_or(""));
  }
  return nodes;
}

std::vector<int> both(std::span<const int> x, std::span<const int> y) {
  std::vector<int> common;
  std::set_intersection(x.begin(), x.end(), y.begin(), y.end(), std::back_inserter(common));
  return common;
}

std::vector<int> cpus_of_node(int node, const HostFiles& files, std::span<const int> allowed) {
  const std::map<int, std::vector<int>> nodes = read_nodes(files);
  const auto found = nodes.find(node);
  if (found == nodes.end()) {
    std::vector<std::string> names;
    names.reserve(nodes.size());
    for (const auto& [number, cpus] : nodes) names.push_back(fmt::format("cpu:node{}", number));
    throw NoSuchPart(names.empty() ? "this machine tells of no NUMA nodes"
                                   : fmt::format("there are {}", fmt::join(names, ", ")));
  }
  std::vector<int> cpus = both(found->second, allowed);
  if (cpus.empty()) {
    throw NoSuchPart(fmt::format("it has processors {}, and this process may use {}",
                                 cpu_list_text(found->second), cpu_list_text(allowed)));
  }
  return cpus;
}

/// Prefers `node` for memory that this thread touches first; what came of it.
std::string prefer_memory_of(int node) {
  constexpr int kBits = 64;
  if (node >= kBits * 16) return "where it is touched first";
  std::array<unsigned long, 16> mask{};
  mask[static_cast<std::size_t>(node / kBits)] = 1UL << static_cast<unsigned>(node % kBits);
  // The kernel reads one bit less than it is told.
  if (syscall(SYS_set_mempolicy, MPOL_PREFERRED, mask.data(), kBits * mask.size() + 1) == 0) {
    return fmt::format("preferred on node {}", node);
  }
  return fmt::format("where it is touched first; node {} cannot be preferred: {}", node,
                     std::generic_category().message(errno));
}

}  // namespace

std::vector<int> cpus_of(const CpuPart& part, const HostFiles& files,
                         std::span<const int> allowed) {
  if (part.node) return cpus_of_node(*part.node, files, allowed);
  if (part.cpus.empty()) return {allowed.begin(), allowed.end()};
  std::vector<int> cpus = both(part.cpus, allowed);
  if (cpus.size() < part.cpus.size()) {
    throw NoSuchPart(fmt::format("this process may use the processors {}", cpu_list_text(allowed)));
  }
  return cpus;
}

std::vector<int> nodes_of(std::span<const int> cpus, const HostFiles& files) {
  std::vector<int> nodes;
  for (const auto& [node, its] : read_nodes(files)) {
    if (!both(its, cpus).empty()) nodes.push_back(node);
  }
  return nodes;
}

std::string part_name(const CpuPart& part) {
  if (part.node) return fmt::format("node{}", *part.node);
  return part.cpus.empty() ? std::string() : "cpu " + cpu_list_text(part.cpus);
}

std::string confine_to(const CpuPart& part, const HostFiles& files) {
  const std::vector<int> cpus = cpus_of(part, files, allowed_cpus());
  if (!bind_this_thread(cpus)) {
    throw std::runtime_error(fmt::format("cannot be bound to processors {}: {}",
                                         cpu_list_text(cpus),
                                         std::generic_category().message(errno)));
  }
  const std::vector<int> nodes = nodes_of(cpus, files);
  return nodes.size() == 1 ? prefer_memory_of(nodes.front()) : "where it is touched first";
}

}  // namespace twofour::device::cpu
