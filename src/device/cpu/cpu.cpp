#include "device/cpu/cpu.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <stdexcept>
#include <utility>
#include <vector>

#include "device/cpu/cgroup.h"
#include "device/cpu/clocks.h"
#include "device/cpu/cpu_device.h"
#include "device/cpu/describe.h"
#include "device/cpu/flush.h"
#include "device/cpu/memory.h"
#include "device/cpu/roofs.h"
#include "device/cpu/timed_loops.h"
#include "device/cpu/timer.h"
#include "device/cpu/topology.h"
#include "operands/host_operands.h"

namespace twofour::device {
namespace cpu {
namespace {

/// Whether freed pages may serve another buffer. Not with several NUMA nodes, where they lie with
/// the thread that touched them first and not with the one that will read them; nor under
/// AddressSanitizer, which watches over what the allocator hands out.
bool may_keep_pages(const HostFiles& files) {
#if defined(__SANITIZE_ADDRESS__)
  static_cast<void>(files);
  return false;
#else
  return parse_cpu_list(files.text("sys/devices/system/node/online").value_or("0")).size() == 1;
#endif
}

}  // namespace

Cpu::Cpu(int threads, bool pin, HostFiles files) : files_(std::move(files)) {
  const Topology topology = read_topology(files_, allowed_cpus());
  const CgroupLimits limits = read_cgroup_limits(files_);
  const int team = threads > 0 ? threads : default_threads(topology, limits.cpus);
  info_ = describe_cpu(files_, topology, limits, team);
  if (pin) {
    const auto used = std::min(topology.cpus.size(), static_cast<std::size_t>(team));
    std::vector<int> cpus(topology.cpus.begin(),
                          topology.cpus.begin() + static_cast<std::ptrdiff_t>(used));
    const std::string list = fmt::format("{}", fmt::join(cpus, ","));
    try {
      pinning_ = std::make_unique<ThreadPinning>(std::move(cpus), team);
      info_.details["pinned_to"] = list;
    } catch (const std::runtime_error& error) {
      info_.details["pinned_to"] = fmt::format("nothing: {}", error.what());
    }
  } else {
    info_.details["pinned_to"] = "nothing";
  }
  timer_resolution_s_ = measure_timer_resolution_s();
  info_.details["timer"] =
      fmt::format("CLOCK_MONOTONIC_RAW, resolves {:.0f} ns", timer_resolution_s_ * 1e9);
  throttled_at_start_ = read_throttle_count(files_);
  if (may_keep_pages(files_)) {
    pages_.emplace([files = files_] { return read_memory(files).free_bytes; });
  }
}

MemoryStatus Cpu::memory() const {
  MemoryStatus status = read_memory(files_);
  if (pages_ && status.free_bytes != 0) status.free_bytes += pages_->kept_bytes();
  return status;
}

bool Cpu::can_flush() const { return can_flush_lines(); }

std::size_t Cpu::reserve(std::size_t bytes) {
  if (!pages_) return 0;
  const std::size_t ready = std::min(bytes, memory().free_bytes / 2);
  if (ready != 0) pages_->reserve(ready, info_.threads);
  return ready;
}

Buffer Cpu::allocate(std::size_t bytes) {
  // Linux hands out more than there is and ends the process that touches it.
  if (bytes >= kHugePageBytes) {
    const std::size_t free = memory().free_bytes;
    if (free != 0 && bytes > free) {
      throw std::runtime_error(
          fmt::format("cannot allocate {} bytes of host memory: {} are free", bytes, free));
    }
  }
  if (pages_ && bytes >= kHugePageBytes) return pages_->allocate(bytes, info_.threads);
  return allocate_buffer(bytes, info_.threads);
}

void Cpu::fill_bytes(void* data, unsigned char value, std::size_t bytes) {
  fill_threaded(data, value, bytes, info_.threads);
}

void Cpu::copy_to_host(void* host, const void* data, std::size_t bytes) {
  copy_threaded(host, data, bytes, info_.threads);
}

void Cpu::copy_from_host(void* data, const void* host, std::size_t bytes) {
  copy_threaded(data, host, bytes, info_.threads);
}

operands::Operands Cpu::make_operands(const operands::OperandSpec& spec) {
  return operands::make_host_operands(spec, info_.threads,
                                      [&](std::size_t bytes) { return allocate(bytes); });
}

std::unique_ptr<TimedLoop> Cpu::timed_loop(LoopSpec spec) {
  return make_timed_loop(std::move(spec), pinning_.get(), info_.threads);
}

Roofs Cpu::measure_roofs(std::span<const DataType> types) {
  return measure_cpu_roofs(types, info_.threads, info_.last_level_cache_bytes,
                           memory().free_bytes / 4,
                           [&](std::size_t bytes) { return allocate(bytes); });
}

ClockSample Cpu::clocks() const {
  ClockSample sample;
  sample.core_mhz = measure_core_mhz();
  sample.temperature_c = read_temperature_c(files_);
  const std::optional<std::uint64_t> throttled = read_throttle_count(files_);
  if (throttled && throttled_at_start_ && *throttled > *throttled_at_start_) {
    sample.throttle_reasons =
        fmt::format("heat, {} times since the start", *throttled - *throttled_at_start_);
  }
  return sample;
}

}  // namespace cpu

std::unique_ptr<Device> make_cpu_device(int threads, bool pin) {
  return std::make_unique<cpu::Cpu>(threads, pin, cpu::HostFiles("/"));
}

}  // namespace twofour::device
