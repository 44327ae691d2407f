#include "device/cpu/flush.h"

#include <cstddef>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

#include "core/processor.h"
#include "device/cpu/memory.h"

namespace twofour::device::cpu {
namespace {

constexpr auto kLine = static_cast<std::int64_t>(kCacheLineBytes);

/// Bytes between the start of the first line and `data`.
std::int64_t offset_in_line(const void* data) {
  return static_cast<std::int64_t>(reinterpret_cast<std::uintptr_t>(data) % kCacheLineBytes);
}

#if defined(__x86_64__)

/// Many flushes at a time; CLFLUSH does one after the other.
[[gnu::target("clflushopt")]] void flush_many(const std::byte* data, std::size_t bytes) {
  for (std::size_t at = 0; at < bytes; at += kCacheLineBytes) {
    _mm_clflushopt(const_cast<std::byte*>(data + at));
  }
}

void flush_each(const std::byte* data, std::size_t bytes) {
  for (std::size_t at = 0; at < bytes; at += kCacheLineBytes) _mm_clflush(data + at);
}

void flush_aligned(const MemoryRange& range) {
  const auto* data = static_cast<const std::byte*>(range.data);
  if (processor_features().has({Feature::kClflushopt})) {
    flush_many(data, range.bytes);
  } else {
    flush_each(data, range.bytes);
  }
}

// SFENCE would let later loads pass the flushes.
void wait_for_flushes() { _mm_mfence(); }

#else

void flush_aligned(const MemoryRange& /*range*/) {}
void wait_for_flushes() {}

#endif

}  // namespace

bool can_flush_lines() {
#if defined(__x86_64__)
  return true;
#else
  return false;
#endif
}

std::int64_t line_count(const MemoryRange& range) {
  if (range.bytes == 0) return 0;
  return (offset_in_line(range.data) + static_cast<std::int64_t>(range.bytes) + kLine - 1) / kLine;
}

MemoryRange lines_of(const MemoryRange& range, Range lines) {
  const std::byte* first = static_cast<const std::byte*>(range.data) - offset_in_line(range.data);
  return {first + lines.begin * kLine, static_cast<std::size_t>((lines.end - lines.begin) * kLine)};
}

void flush_lines(std::span<const MemoryRange> ranges, int threads) {
  parallel_run(threads, [&](int index, int count) {
    for (const MemoryRange& range : ranges) {
      flush_aligned(lines_of(range, thread_share(line_count(range), index, count)));
    }
    wait_for_flushes();
  });
}

}  // namespace twofour::device::cpu
