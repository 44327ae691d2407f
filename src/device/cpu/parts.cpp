#include "device/cpu/parts.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <chrono>
#include <exception>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "device/cpu/cgroup.h"
#include "device/cpu/clocks.h"
#include "device/cpu/cpu_part.h"
#include "device/cpu/flush.h"
#include "device/cpu/host_turn.h"
#include "device/cpu/memory.h"
#include "device/cpu/page_pool.h"
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

/// Where nobody tells how much memory is free, the roofs are measured in a quarter of this.
constexpr std::size_t kAssumedFreeBytes = std::size_t{1} << 30;

}  // namespace

HostMemory::HostMemory(HostFiles files, int threads) : files_(std::move(files)), threads_(threads) {
  if (may_keep_pages(files_)) {
    pages_.emplace([copy = files_] { return read_memory(copy).free_bytes.value_or(0); });
  }
}

MemoryStatus HostMemory::status() const {
  MemoryStatus status = read_memory(files_);
  if (pages_ && status.free_bytes) *status.free_bytes += pages_->kept_bytes();
  return status;
}

std::size_t HostMemory::reserve(std::size_t bytes) {
  if (!pages_) return 0;
  const std::size_t ready = std::min(bytes, status().free_bytes.value_or(0) / 2);
  if (ready == 0) return 0;
  try {
    pages_->reserve(ready, threads_);
  } catch (const std::exception&) {  // it would have saved time, no more
    return 0;
  }
  return ready;
}

Buffer HostMemory::allocate(std::size_t bytes) {
  // Linux hands out more than there is and ends the process that touches it.
  if (bytes >= kHugePageBytes) {
    const std::optional<std::size_t> free = status().free_bytes;
    if (free && bytes > *free) {
      throw std::runtime_error(
          fmt::format("cannot allocate {} bytes of host memory: {} are free", bytes, *free));
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
      hot_before_(read_throttle_count(files_)),
      quota_before_(read_quota_periods(files_)) {}

Roofs CpuProbe::measure_roofs(std::span<const DataType> types) {
  Roofs roofs{.multiply_adds_per_s = measure_arithmetic(types, threads_)};
  const auto measure = [&](operands::Allocator allocate) {
    return measure_read_bytes_per_s(threads_, last_level_cache_bytes_,
                                    memory_.status().free_bytes.value_or(kAssumedFreeBytes) / 4,
                                    allocate);
  };
  if (!shares_host_) {
    roofs.read_bytes_per_s = measure([&](std::size_t bytes) { return memory_.allocate(bytes); });
    return roofs;
  }
  // So many processes may be there that what each of them kept would be all memory.
  PagePool nothing_kept([] { return std::size_t{0}; });
  const std::string key =
      fmt::format("{} threads on nodes {}, cache {}", threads_,
                  fmt::join(nodes_of(processors_, files_), ","), last_level_cache_bytes_);
  roofs.read_bytes_per_s = HostTurn(HostTurn::usual_file()).measure(key, [&] {
    return measure([&](std::size_t bytes) { return nothing_kept.allocate(bytes, threads_); });
  });
  return roofs;
}

void CpuProbe::watch_throttling() {
  hot_before_ = read_throttle_count(files_);
  quota_before_ = read_quota_periods(files_);
  load_before_ = read_load(files_, processors_);
}

ForeignWork CpuProbe::foreign_load() const {
  constexpr double kBusyShare = 0.05;
  const auto before = read_load(files_, processors_);
  std::this_thread::sleep_for(std::chrono::milliseconds(250));
  const auto after = read_load(files_, processors_);
  const std::optional<int> running = running_beside(files_);
  if (!before || !after) return {};
  const std::optional<ForeignLoad> load = foreign_between(*before, *after);
  if (!load || (load->foreign <= kBusyShare && load->stolen.value_or(0) <= kBusyShare)) return {};
  std::string text = fmt::format(
      "other processes take {:.0f} % of the processors that compute while this one does nothing",
      100 * load->foreign);
  if (load->stolen.value_or(0) > 0) {
    text += fmt::format(", and the host of this virtual machine {:.0f} %", 100 * *load->stolen);
  }
  if (running) {
    text += fmt::format("; {} other {} for a processor", *running,
                        *running == 1 ? "thread runs or waits" : "threads run or wait");
  }
  return {.words = std::move(text), .disturbs = true};
}

ClockSample CpuProbe::clocks() const {
  // Before anything else takes time.
  const auto load = read_load(files_, processors_);
  const auto quota = throttled_between(quota_before_, read_quota_periods(files_));
  const std::optional<std::uint64_t> hot = read_throttle_count(files_);
  ClockSample sample;
  if (load && load_before_) {
    if (const auto foreign = foreign_between(*load_before_, *load)) {
      sample.foreign_share = foreign->foreign;
      sample.steal_share = foreign->stolen;
    }
  }
  sample.core_mhz = measure_core_mhz();
  sample.temperature_c = read_temperature_c(files_);
  std::vector<std::string> reasons;
  if (hot && hot_before_ && *hot > *hot_before_) {
    reasons.push_back(fmt::format("heat, {} times", *hot - *hot_before_));
  }
  if (quota) {
    sample.quota_throttled_share = quota->periods == 0 ? 0
                                                       : static_cast<double>(quota->throttled) /
                                                             static_cast<double>(quota->periods);
    if (quota->throttled > 0) {
      reasons.push_back(
          fmt::format("CPU quota in {} of {} periods", quota->throttled, quota->periods));
    }
  }
  if (hot || quota) sample.throttle_reasons = fmt::format("{}", fmt::join(reasons, "; "));
  return sample;
}

operands::Operands HostOperandSource::make_operands(const operands::OperandSpec& spec) {
  return operands::make_host_operands(spec, threads_,
                                      [&](std::size_t bytes) { return memory_.allocate(bytes); });
}

}  // namespace twofour::device::cpu
