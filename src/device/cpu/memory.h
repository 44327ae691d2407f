// Host memory: how much there is, and buffers whose pages lie where the threads are.
#pragma once

#include <cstddef>

#include "core/buffer.h"
#include "device/cpu/host_files.h"
#include "device/memory.h"

namespace twofour::device::cpu {

/// MemTotal, or what the control groups allow where that is less; free is the least of MemAvailable
/// and what the control groups, the limits of this process (RLIMIT_AS, RLIMIT_DATA) and, where the
/// kernel does not overcommit, its commit limit leave (proc(5), getrlimit(2)).
MemoryStatus read_memory(const HostFiles& files);

/// A multiple of this is a huge page on x86-64.
inline constexpr std::size_t kHugePageBytes = std::size_t{2} << 20;
inline constexpr std::size_t kCacheLineBytes = 64;

/// `bytes` bytes aligned to kCacheLineBytes. From kHugePageBytes on they are aligned to that, huge
/// pages are asked for, and the `threads` threads of parallel_run touch a stretch each, which puts
/// it into the memory of their own NUMA node. Throws std::runtime_error with the size.
Buffer allocate_buffer(std::size_t bytes, int threads);

/// Throws the std::runtime_error of allocate_buffer().
[[noreturn]] void throw_no_memory(std::size_t bytes);

/// Writes to each page of [data, data + bytes), the `threads` threads of parallel_run a stretch
/// each, so that the pages are there and lie in the memory of the thread's NUMA node.
void touch_pages(void* data, std::size_t bytes, int threads);

/// Sets bytes with `threads` threads.
void fill_threaded(void* data, unsigned char value, std::size_t bytes, int threads);
/// Copies bytes with `threads` threads; the ranges do not overlap.
void copy_threaded(void* to, const void* from, std::size_t bytes, int threads);
/// The same by units: thread t of T copies thread_share(bytes / unit_bytes, t, T) of them, the last
/// one also what is left.
void copy_units(void* to, const void* from, std::size_t bytes, std::size_t unit_bytes, int threads);

}  // namespace twofour::device::cpu
