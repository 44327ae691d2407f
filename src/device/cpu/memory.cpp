#include "device/cpu/memory.h"

#include <fmt/format.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <optional>
#include <sstream>
#include <stdexcept>
#include <string>
#include <string_view>

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

using Bytes = std::optional<std::size_t>;

Bytes least(Bytes x, Bytes y) { return x && y ? std::min(x, y) : x ? x : y; }

/// Nothing where one of them is not known.
Bytes left(Bytes limit, Bytes used) {
  if (!limit || !used) return std::nullopt;
  return *limit - std::min(*limit, *used);
}

Bytes kibibytes(std::string_view meminfo, std::string_view key) {
  const auto value = leading_number(field(meminfo, key).value_or(""));
  if (!value) return std::nullopt;
  return static_cast<std::size_t>(*value) << 10;
}

/// The soft limit in a line of /proc/self/limits; nothing for "unlimited".
Bytes process_limit(std::string_view limits, std::string_view name) {
  return leading_number(field(limits, name).value_or(""));
}

struct ProcessSize {
  Bytes address_space;
  Bytes data;  ///< and stacks
};

/// /proc/self/statm: size, resident, shared, text, lib, data; in pages.
ProcessSize process_size(const HostFiles& files) {
  std::istringstream words(files.text("proc/self/statm").value_or(""));
  std::array<std::size_t, 6> pages{};
  for (std::size_t& count : pages) {
    if (!(words >> count)) return {};
  }
  const auto page_bytes = static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
  return {.address_space = pages.front() * page_bytes, .data = pages.back() * page_bytes};
}

bool overcommits(const HostFiles& files) {
  constexpr std::uint64_t kNever = 2;
  return files.number("proc/sys/vm/overcommit_memory") != kNever;
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
  const CgroupLimits groups = read_cgroup_limits(files);
  const ProcessSize used = process_size(files);
  const std::string limits = files.text("proc/self/limits").value_or("");
  MemoryStatus status;
  for (const auto free : {kibibytes(text, "MemAvailable"), groups.memory_free_bytes,
                          left(process_limit(limits, "Max address space"), used.address_space),
                          left(process_limit(limits, "Max data size"), used.data),
                          overcommits(files) ? std::nullopt
                                             : left(kibibytes(text, "CommitLimit"),
                                                    kibibytes(text, "Committed_AS"))}) {
    status.free_bytes = least(status.free_bytes, free);
  }
  status.total_bytes = least(kibibytes(text, "MemTotal"), groups.memory_bytes);
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
