#include "device/cpu/cgroup.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <map>
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

/// Processor time per time that the group may have; nothing without a quota.
std::optional<double> quota_version_2(const HostFiles& files, const std::string& directory) {
  const std::string text = files.text(directory + "/cpu.max").value_or("");  // "max 100000": none
  const auto quota = leading_number(text);
  const std::size_t space = text.find(' ');
  const auto period =
      space == std::string::npos ? std::nullopt : leading_number(text.substr(space + 1));
  if (!quota || !period || *period == 0) return std::nullopt;
  return static_cast<double>(*quota) / static_cast<double>(*period);
}

std::optional<double> quota_version_1(const HostFiles& files, const std::string& directory) {
  const auto quota = files.number(directory + "/cpu.cfs_quota_us");  // "-1": none
  const auto period = files.number(directory + "/cpu.cfs_period_us");
  if (!quota || !period || *period == 0) return std::nullopt;
  return static_cast<double>(*quota) / static_cast<double>(*period);
}

/// A folder of a control group, and which version of the interface it has.
struct Group {
  std::string directory;
  int version = 2;
};

/// The groups that `controller` may limit, from this process's up to the root.
std::vector<Group> groups(const HostFiles& files, std::string_view controller) {
  std::vector<Group> found;
  const auto add = [&](const std::string& mount, const std::string& path, int version) {
    climb(mount, path, [&](const std::string& folder) { found.push_back({folder, version}); });
  };
  for (const Membership& membership : memberships(files)) {
    if (membership.controllers.empty()) {
      // Beside version 1, version 2 is mounted one level lower.
      for (const char* mount : {"sys/fs/cgroup", "sys/fs/cgroup/unified"}) {
        add(mount, membership.path, 2);
      }
    } else if (has(membership.controllers, controller)) {
      add(fmt::format("sys/fs/cgroup/{}", controller), membership.path, 1);
    }
  }
  return found;
}

std::optional<double> quota_of(const HostFiles& files, const Group& group) {
  return group.version == 2 ? quota_version_2(files, group.directory)
                            : quota_version_1(files, group.directory);
}

void add_memory_of(CgroupLimits& limits, const HostFiles& files, const Group& group) {
  const std::string& folder = group.directory;
  const auto statistics = files.text(folder + "/memory.stat");
  if (group.version == 2) {
    add_memory(limits, files.number(folder + "/memory.max"),
               files.number(folder + "/memory.current"), statistics, "inactive_file");
  } else {
    add_memory(limits, files.number(folder + "/memory.limit_in_bytes"),
               files.number(folder + "/memory.usage_in_bytes"), statistics, "total_inactive_file");
  }
}

}  // namespace

CgroupLimits read_cgroup_limits(const HostFiles& files) {
  CgroupLimits limits;
  for (const Group& group : groups(files, "cpu")) {
    if (const auto quota = quota_of(files, group)) tighten(limits.cpus, *quota);
  }
  for (const Group& group : groups(files, "memory")) add_memory_of(limits, files, group);
  return limits;
}

std::map<std::string, QuotaPeriods> read_quota_periods(const HostFiles& files) {
  std::map<std::string, QuotaPeriods> found;
  for (const Group& group : groups(files, "cpu")) {
    if (!quota_of(files, group)) continue;
    const std::string text = files.text(group.directory + "/cpu.stat").value_or("");
    const auto periods = leading_number(field(text, "nr_periods").value_or(""));
    const auto throttled = leading_number(field(text, "nr_throttled").value_or(""));
    if (periods && throttled) found[group.directory] = {*periods, *throttled};
  }
  return found;
}

std::optional<QuotaPeriods> throttled_between(const std::map<std::string, QuotaPeriods>& before,
                                              const std::map<std::string, QuotaPeriods>& after) {
  std::optional<QuotaPeriods> most;
  const auto share = [](const QuotaPeriods& counts) {
    return counts.periods == 0
               ? 0
               : static_cast<double>(counts.throttled) / static_cast<double>(counts.periods);
  };
  for (const auto& [directory, last] : after) {
    const auto found = before.find(directory);
    // A quota that came in between has no earlier reading, and its counts may be of long ago.
    if (found == before.end()) continue;
    const QuotaPeriods& first = found->second;
    const QuotaPeriods counts{last.periods - std::min(last.periods, first.periods),
                              last.throttled - std::min(last.throttled, first.throttled)};
    if (!most || share(counts) > share(*most)) most = counts;
  }
  return most;
}

}  // namespace twofour::device::cpu
