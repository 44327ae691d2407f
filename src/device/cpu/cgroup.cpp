#include "device/cpu/cgroup.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace twofour::device::cpu {
namespace {

/// Version 1 writes "no limit" as the largest multiple of the page size.
constexpr std::uint64_t kNoLimit = std::uint64_t{1} << 62;

/// This process's group in one hierarchy, "/" in a container that sees only its own.
struct Membership {
  std::string controllers;  ///< "memory", "cpu,cpuacct"; empty in version 2
  std::string path;
};

std::vector<Membership> memberships(const HostFiles& files) {
  std::vector<Membership> found;
  const std::string text = files.text("proc/self/cgroup").value_or("");
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = std::min(text.find('\n', begin), text.size());
    const std::string line = text.substr(begin, end - begin);
    begin = end + 1;
    const std::size_t first = line.find(':');
    if (first == std::string::npos) continue;
    const std::size_t second = line.find(':', first + 1);
    if (second == std::string::npos) continue;
    found.push_back({line.substr(first + 1, second - first - 1), line.substr(second + 1)});
  }
  return found;
}

bool has(const std::string& controllers, std::string_view controller) {
  return fmt::format(",{},", controllers).find(fmt::format(",{},", controller)) !=
         std::string::npos;
}

template <class T>
void tighten(std::optional<T>& limit, T value) {
  limit = limit ? std::min(*limit, value) : value;
}

/// Calls `visit(directory)` for the group and everything above it. A container may be told a path
/// of its host that does not exist in it; its own limits then lie at the root.
template <class Visit>
void climb(const std::string& mount, std::string path, const Visit& visit) {
  while (true) {
    while (!path.empty() && path.back() == '/') path.pop_back();
    visit(mount + path);
    if (path.empty()) return;
    const std::size_t slash = path.rfind('/');
    path.erase(slash == std::string::npos ? 0 : slash);
  }
}

void add_memory(CgroupLimits& limits, std::optional<std::uint64_t> limit,
                std::optional<std::uint64_t> used, const std::optional<std::string>& statistics,
                std::string_view droppable_key) {
  if (!limit || *limit >= kNoLimit) return;
  tighten(limits.memory_bytes, static_cast<std::size_t>(*limit));
  std::uint64_t held = used.value_or(0);
  if (statistics) {
    const auto droppable = leading_number(field(*statistics, droppable_key).value_or(""));
    held -= std::min(held, droppable.value_or(0));
  }
  tighten(limits.memory_free_bytes, static_cast<std::size_t>(*limit - std::min(*limit, held)));
}

void add_version_2(CgroupLimits& limits, const HostFiles& files, const std::string& directory) {
  if (const auto text = files.text(directory + "/cpu.max")) {
    const auto quota = leading_number(*text);
    const std::size_t space = text->find(' ');
    const auto period =
        space == std::string::npos ? std::nullopt : leading_number(text->substr(space + 1));
    if (quota && period && *period > 0) {
      tighten(limits.cpus, static_cast<double>(*quota) / static_cast<double>(*period));
    }
  }
  add_memory(limits, files.number(directory + "/memory.max"),
             files.number(directory + "/memory.current"), files.text(directory + "/memory.stat"),
             "inactive_file");
}

void add_version_1(CgroupLimits& limits, const HostFiles& files, const Membership& membership) {
  if (has(membership.controllers, "cpu")) {
    climb("sys/fs/cgroup/cpu", membership.path, [&](const std::string& directory) {
      const auto quota = files.number(directory + "/cpu.cfs_quota_us");  // "-1": none
      const auto period = files.number(directory + "/cpu.cfs_period_us");
      if (quota && period && *period > 0) {
        tighten(limits.cpus, static_cast<double>(*quota) / static_cast<double>(*period));
      }
    });
  }
  if (has(membership.controllers, "memory")) {
    climb("sys/fs/cgroup/memory", membership.path, [&](const std::string& directory) {
      add_memory(limits, files.number(directory + "/memory.limit_in_bytes"),
                 files.number(directory + "/memory.usage_in_bytes"),
                 files.text(directory + "/memory.stat"), "total_inactive_file");
    });
  }
}

}  // namespace

CgroupLimits read_cgroup_limits(const HostFiles& files) {
  CgroupLimits limits;
  for (const Membership& membership : memberships(files)) {
    if (membership.controllers.empty()) {
      // Beside version 1, version 2 is mounted one level lower.
      for (const char* mount : {"sys/fs/cgroup", "sys/fs/cgroup/unified"}) {
        climb(mount, membership.path,
              [&](const std::string& directory) { add_version_2(limits, files, directory); });
      }
    } else {
      add_version_1(limits, files, membership);
    }
  }
  return limits;
}

}  // namespace twofour::device::cpu
