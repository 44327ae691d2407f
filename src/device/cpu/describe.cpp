#include "device/cpu/describe.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <set>
#include <sstream>
#include <string_view>
#include <utility>
#include <vector>

#include "core/processor.h"
#include "device/cpu/memory.h"

namespace twofour::device::cpu {
namespace {

/// Those of the flags in /proc/cpuinfo that matter to a GEMM or to its timing.
constexpr std::array<std::string_view, 24> kFlags{
    "ssse3",       "sse4_2",       "avx",         "f16c",        "fma",          "avx2",
    "bmi2",        "avx_vnni",     "avx512f",     "avx512bw",    "avx512dq",     "avx512vl",
    "avx512_vnni", "avx512_vbmi2", "avx512_bf16", "avx512_fp16", "amx_tile",     "amx_int8",
    "amx_bf16",    "amx_fp16",     "clflush",     "clflushopt",  "constant_tsc", "nonstop_tsc"};

std::string interesting_flags(const std::string& cpuinfo) {
  std::istringstream words(field(cpuinfo, "flags").value_or(""));
  std::set<std::string> has;
  for (std::string word; words >> word;) has.insert(word);
  std::vector<std::string_view> found;
  std::copy_if(kFlags.begin(), kFlags.end(), std::back_inserter(found),
               [&](std::string_view flag) { return has.contains(std::string(flag)); });
  return fmt::format("{}", fmt::join(found, " "));
}

/// Text of a file where Linux has it.
void add(DeviceInfo& info, const HostFiles& files, const char* name, const std::string& path) {
  if (const auto text = files.text(path); text && !text->empty()) info.details[name] = *text;
}

std::size_t numa_nodes(const HostFiles& files) {
  const std::vector<std::string> names = files.names("sys/devices/system/node");
  const auto is_node = [](const std::string& name) {
    return name.starts_with("node") && leading_number(std::string_view(name).substr(4));
  };
  return static_cast<std::size_t>(std::count_if(names.begin(), names.end(), is_node));
}

void add_caches(DeviceInfo& info, const Topology& topology) {
  for (int level = 1; level <= 4; ++level) {
    std::string text = describe_caches(topology, level);
    if (text.empty()) continue;
    info.details[level == 1 ? "l1d_cache" : fmt::format("l{}_cache", level)] = std::move(text);
  }
}

}  // namespace

DeviceInfo describe_cpu(const HostFiles& files, const Topology& topology,
                        const CgroupLimits& limits, int threads) {
  DeviceInfo info;
  const std::string cpuinfo = files.text("proc/cpuinfo").value_or("");
  const std::string virtualised = hypervisor();
  info.id.kind = DeviceKind::kCpu;
  info.id.name = field(cpuinfo, "model name").value_or("unknown processor");
  info.architecture = to_string(best_isa());
  info.threads = threads;
  info.memory_bytes = read_memory(files).total_bytes;
  if (!info.memory_bytes) info.details["memory"] = "not known: /proc/meminfo cannot be read";
  LastLevelCache cache = last_level_cache(topology, threads, !virtualised.empty());
  info.last_level_cache_bytes = cache.bytes;
  info.last_level_cache_source = std::move(cache.source);

  auto& details = info.details;
  details["flags"] = interesting_flags(cpuinfo);
  details["family_model_stepping"] = fmt::format(
      "{}/{}/{}", field(cpuinfo, "cpu family").value_or("?"),
      field(cpuinfo, "model\t").value_or("?"), field(cpuinfo, "stepping").value_or("?"));
  add_caches(info, topology);
  details["cores"] = std::to_string(topology.cores);
  details["processors"] = std::to_string(topology.cpus.size());
  details["numa_nodes"] = std::to_string(std::max<std::size_t>(numa_nodes(files), 1));
  details["hypervisor"] = virtualised.empty() ? "none" : virtualised;
  if (limits.cpus) details["cgroup_cpus"] = fmt::format("{:.2f}", *limits.cpus);
  if (limits.memory_bytes) details["cgroup_memory_bytes"] = std::to_string(*limits.memory_bytes);
  add(info, files, "microcode", "sys/devices/system/cpu/cpu0/microcode/version");
  add(info, files, "governor", "sys/devices/system/cpu/cpu0/cpufreq/scaling_governor");
  add(info, files, "max_khz", "sys/devices/system/cpu/cpu0/cpufreq/cpuinfo_max_freq");
  add(info, files, "intel_no_turbo", "sys/devices/system/cpu/intel_pstate/no_turbo");
  add(info, files, "boost", "sys/devices/system/cpu/cpufreq/boost");
  add(info, files, "smt_active", "sys/devices/system/cpu/smt/active");
  add(info, files, "transparent_hugepage", "sys/kernel/mm/transparent_hugepage/enabled");
  add(info, files, "clock_source",
      "sys/devices/system/clocksource/clocksource0/current_clocksource");
  add(info, files, "load_average", "proc/loadavg");
  if (!details.contains("governor")) details["governor"] = "not shown to this machine";
  return info;
}

}  // namespace twofour::device::cpu
