#include "device/cpu/topology.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <map>

namespace twofour::device::cpu {
namespace {

constexpr std::size_t kAssumedBytes = std::size_t{32} << 20;

std::string cpu_directory(int cpu) { return fmt::format("sys/devices/system/cpu/cpu{}", cpu); }

/// Lowest processor of the physical core that `cpu` belongs to.
int core_of(const HostFiles& files, int cpu) {
  for (const char* name : {"core_cpus_list", "thread_siblings_list"}) {
    const auto list = files.text(cpu_directory(cpu) + "/topology/" + name);
    if (!list) continue;
    const std::vector<int> siblings = parse_cpu_list(*list);
    if (!siblings.empty()) return siblings.front();
  }
  return cpu;
}

std::vector<Cache> caches_of(const HostFiles& files, int cpu) {
  std::vector<Cache> caches;
  const std::string directory = cpu_directory(cpu) + "/cache";
  for (const std::string& name : files.names(directory)) {
    if (!name.starts_with("index")) continue;
    const std::string path = fmt::format("{}/{}/", directory, name);
    const auto level = files.number(path + "level");
    const auto bytes = parse_size(files.text(path + "size").value_or(""));
    if (!level || !bytes) continue;
    std::vector<int> shared = parse_cpu_list(files.text(path + "shared_cpu_list").value_or(""));
    if (shared.empty()) shared = {cpu};
    caches.push_back({static_cast<int>(*level), files.text(path + "type").value_or("Unified"),
                      *bytes, std::move(shared)});
  }
  return caches;
}

bool same_cache(const Cache& x, const Cache& y) {
  return x.level == y.level && x.type == y.type && x.shared_cpus == y.shared_cpus;
}

bool contains(std::span<const int> cpus, int cpu) {
  return std::find(cpus.begin(), cpus.end(), cpu) != cpus.end();
}

std::string mebibytes(std::size_t bytes) {
  return bytes % (1 << 20) == 0 ? fmt::format("{} MiB", bytes >> 20)
                                : fmt::format("{} KiB", bytes >> 10);
}

/// What the C library finds out from the processor itself.
std::size_t reported_by_processor() {
  for (const int name : {_SC_LEVEL4_CACHE_SIZE, _SC_LEVEL3_CACHE_SIZE, _SC_LEVEL2_CACHE_SIZE}) {
    const long bytes = sysconf(name);
    if (bytes > 0) return static_cast<std::size_t>(bytes);
  }
  return 0;
}

}  // namespace

Topology read_topology(const HostFiles& files, std::span<const int> allowed) {
  Topology topology;
  // Processors of each core, cores in the order of their lowest processor.
  std::map<int, std::vector<int>> cores;
  for (const int cpu : allowed) cores[core_of(files, cpu)].push_back(cpu);
  topology.cores = static_cast<int>(cores.size());
  for (std::size_t turn = 0; topology.cpus.size() < allowed.size(); ++turn) {
    for (const auto& [core, cpus] : cores) {
      if (turn < cpus.size()) topology.cpus.push_back(cpus[turn]);
    }
  }
  for (const int cpu : allowed) {
    for (Cache& cache : caches_of(files, cpu)) {
      const bool known = std::any_of(topology.caches.begin(), topology.caches.end(),
                                     [&](const Cache& other) { return same_cache(cache, other); });
      if (!known) topology.caches.push_back(std::move(cache));
    }
  }
  return topology;
}

int default_threads(const Topology& topology, std::optional<double> quota) {
  int threads = topology.cores;
  if (quota && *quota < threads) threads = static_cast<int>(std::floor(*quota));
  return std::max(threads, 1);
}

LastLevelCache last_level_cache(const Topology& topology, int threads, bool virtual_machine) {
  const auto used = std::span(topology.cpus)
                        .first(std::min(topology.cpus.size(), static_cast<std::size_t>(threads)));
  int level = 0;
  std::size_t bytes = 0;
  int caches = 0;
  for (const Cache& cache : topology.caches) {
    const bool reached = std::any_of(used.begin(), used.end(),
                                     [&](int cpu) { return contains(cache.shared_cpus, cpu); });
    if (!reached || cache.type == "Instruction" || cache.level < level) continue;
    if (cache.level > level) {
      level = cache.level;
      bytes = 0;
      caches = 0;
    }
    bytes += cache.bytes;
    ++caches;
  }
  const char* caution =
      virtual_machine ? "; a virtual machine may be shown its host's, so an upper bound" : "";
  if (bytes > 0) {
    return {bytes, fmt::format("sysfs: {} level-{} cache{} in reach of the threads{}", caches,
                               level, caches == 1 ? "" : "s", caution)};
  }
  if (const std::size_t reported = reported_by_processor(); reported > 0) {
    return {reported, fmt::format("sysconf: largest cache of one processor{}", caution)};
  }
  return {kAssumedBytes, "assumed: neither sysfs nor sysconf tells"};
}

std::string describe_caches(const Topology& topology, int level) {
  std::map<std::pair<std::size_t, std::size_t>, int> counts;
  for (const Cache& cache : topology.caches) {
    if (cache.level != level || cache.type == "Instruction") continue;
    ++counts[{cache.bytes, cache.shared_cpus.size()}];
  }
  std::string text;
  for (const auto& [kind, count] : counts) {
    if (!text.empty()) text += "; ";
    text += fmt::format("{} x {}, {} processor{} each", count, mebibytes(kind.first), kind.second,
                        kind.second == 1 ? "" : "s");
  }
  return text;
}

}  // namespace twofour::device::cpu
