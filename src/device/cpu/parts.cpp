#include "device/cpu/parts.h"

#include <fmt/format.h>

#include <algorithm>
#include <stdexcept>
#include <utility>

#include "device/cpu/cgroup.h"
#include "device/cpu/clocks.h"
#include "device/cpu/flush.h"
#include "device/cpu/memory.h"
#include "device/cpu/roofs.h"
#include "device/cpu/timed_loops.h"
#include "device/cpu/timer.h"
#include "device/cpu/topology.h"
#include "operands/host_operands.h"

namespace twofour::device::cpu {
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

HostMemory::HostMemory(HostFiles files, int threads) : files_(std::move(files)), threads_(threads) {
  if (may_keep_pages(files_)) {
    pages_.emplace([copy = files_] { return read_memory(copy).free_bytes; });
  }
}

MemoryStatus HostMemory::status() const {
  MemoryStatus status = read_memory(files_);
  if (pages_ && status.free_bytes != 0) status.free_bytes += pages_->kept_bytes();
  return status;
}

std::size_t HostMemory::reserve(std::size_t bytes) {
  if (!pages_) return 0;
  const std::size_t ready = std::min(bytes, status().free_bytes / 2);
  if (ready != 0) pages_->reserve(ready, threads_);
  return ready;
}

Buffer HostMemory::allocate(std::size_t bytes) {
  // Linux hands out more than there is and ends the process that touches it.
  if (bytes >= kHugePageBytes) {
    const std::size_t free = status().free_bytes;
    if (free != 0 && bytes > free) {
      throw std::runtime_error(
          fmt::format("cannot allocate {} bytes of host memory: {} are free", bytes, free));
    }
  }
  if (pages_ && bytes >= kHugePageBytes) return pages_->allocate(bytes, threads_);
  return allocate_buffer(bytes, threads_);
}

void HostMemory::fill_bytes(void* data, unsigned char value, std::size_t bytes) {
  fill_threaded(data, value, bytes, threads_);
}

void HostMemory::copy_to_host(void* host, const void* data, std::size_t bytes) {
  copy_threaded(host, data, bytes, threads_);
}

void HostMemory::copy_from_host(void* data, const void* host, std::size_t bytes) {
  copy_threaded(data, host, bytes, threads_);
}

void HostMemory::copy(void* to, const void* from, std::size_t bytes, std::size_t unit_bytes) {
  if (unit_bytes == 0) return copy_threaded(to, from, bytes, threads_);
  copy_units(to, from, bytes, unit_bytes, threads_);
}

CpuTimer::CpuTimer(std::unique_ptr<ThreadPinning> pinning, int threads)
    : pinning_(std::move(pinning)),
      threads_(threads),
      resolution_s_(measure_timer_resolution_s()) {}

bool CpuTimer::can_flush() const { return can_flush_lines(); }

std::unique_ptr<TimedLoop> CpuTimer::timed_loop(LoopSpec spec) {
  return make_timed_loop(std::move(spec), pinning_.get(), threads_);
}

CpuProbe::CpuProbe(HostFiles files, int threads, std::size_t last_level_cache_bytes, Memory& memory)
    : files_(std::move(files)),
      threads_(threads),
      last_level_cache_bytes_(last_level_cache_bytes),
      memory_(memory),
      throttled_at_start_(read_throttle_count(files_)) {}

Roofs CpuProbe::measure_roofs(std::span<const DataType> types) {
  return measure_cpu_roofs(types, threads_, last_level_cache_bytes_,
                           memory_.status().free_bytes / 4,
                           [&](std::size_t bytes) { return memory_.allocate(bytes); });
}

ClockSample CpuProbe::clocks() const {
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

operands::Operands HostOperandSource::make_operands(const operands::OperandSpec& spec) {
  return operands::make_host_operands(spec, threads_,
                                      [&](std::size_t bytes) { return memory_.allocate(bytes); });
}

}  // namespace twofour::device::cpu
