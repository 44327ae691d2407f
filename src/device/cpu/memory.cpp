#include "device/cpu/memory.h"

#include <fmt/format.h>
#include <sys/mman.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <stdexcept>

#include "core/parallel.h"
#include "device/cpu/cgroup.h"

namespace twofour::device::cpu {
namespace {

/// Below this a second thread costs more than it saves.
constexpr std::size_t kThreadedBytes = std::size_t{256} << 10;
constexpr std::int64_t kPageBytes = 4096;

/// Calls `body(offset, length)` for stretches that together are [0, bytes), one to a thread.
template <class Body>
void for_stretches(std::size_t bytes, int threads, const Body& body) {
  if (bytes < kThreadedBytes || threads == 1) {
    body(std::size_t{0}, bytes);
    return;
  }
  parallel_run(threads, [&](int index, int count) {
    const Range share = thread_share(static_cast<std::int64_t>(bytes), index, count, kPageBytes);
    if (share.begin >= share.end) return;
    body(static_cast<std::size_t>(share.begin), static_cast<std::size_t>(share.end - share.begin));
  });
}

}  // namespace

void throw_no_memory(std::size_t bytes) {
  throw std::runtime_error(fmt::format("cannot allocate {} bytes of host memory", bytes));
}

void touch_pages(void* data, std::size_t bytes, int threads) {
  auto* memory = static_cast<std::byte*>(data);
  for_stretches(bytes, threads, [&](std::size_t offset, std::size_t length) {
    for (std::size_t at = 0; at < length; at += kPageBytes) {
      // A store that the compiler must not drop.
      *static_cast<volatile std::byte*>(memory + offset + at) = std::byte{0};
    }
  });
}

MemoryStatus read_memory(const HostFiles& files) {
  const std::string text = files.text("proc/meminfo").value_or("");
  const auto kibibytes = [&](std::string_view key) {
    return static_cast<std::size_t>(leading_number(field(text, key).value_or("")).value_or(0))
           << 10;
  };
  MemoryStatus status{.free_bytes = kibibytes("MemAvailable"),
                      .total_bytes = kibibytes("MemTotal")};
  const CgroupLimits limits = read_cgroup_limits(files);
  if (limits.memory_bytes) status.total_bytes = std::min(status.total_bytes, *limits.memory_bytes);
  if (limits.memory_free_bytes) {
    status.free_bytes = std::min(status.free_bytes, *limits.memory_free_bytes);
  }
  return status;
}

Buffer allocate_buffer(std::size_t bytes, int threads) {
  const std::size_t alignment = bytes < kHugePageBytes ? kCacheLineBytes : kHugePageBytes;
  if (bytes > std::numeric_limits<std::size_t>::max() / 2) throw_no_memory(bytes);
  const std::size_t rounded =
      (std::max<std::size_t>(bytes, 1) + alignment - 1) / alignment * alignment;
  void* data = std::aligned_alloc(alignment, rounded);
  if (data == nullptr) throw_no_memory(bytes);
  if (alignment == kHugePageBytes) {
    // Without huge pages a kernel is slower, not wrong: advice that is refused is no error.
    static_cast<void>(madvise(data, rounded, MADV_HUGEPAGE));
    touch_pages(data, bytes, threads);
  }
  return {data, bytes, [](void* memory) { std::free(memory); }};
}

void fill_threaded(void* data, unsigned char value, std::size_t bytes, int threads) {
  for_stretches(bytes, threads, [&](std::size_t offset, std::size_t length) {
    std::memset(static_cast<std::byte*>(data) + offset, value, length);
  });
}

void copy_threaded(void* to, const void* from, std::size_t bytes, int threads) {
  for_stretches(bytes, threads, [&](std::size_t offset, std::size_t length) {
    std::memcpy(static_cast<std::byte*>(to) + offset, static_cast<const std::byte*>(from) + offset,
                length);
  });
}

void copy_units(void* to, const void* from, std::size_t bytes, std::size_t unit_bytes,
                int threads) {
  const auto units = static_cast<std::int64_t>(bytes / unit_bytes);
  parallel_run(threads, [&](int index, int count) {
    const Range share = thread_share(units, index, count);
    const std::size_t begin = static_cast<std::size_t>(share.begin) * unit_bytes;
    const std::size_t end =
        index + 1 == count ? bytes : static_cast<std::size_t>(share.end) * unit_bytes;
    if (begin >= end) return;
    std::memcpy(static_cast<std::byte*>(to) + begin, static_cast<const std::byte*>(from) + begin,
                end - begin);
  });
}

}  // namespace twofour::device::cpu
