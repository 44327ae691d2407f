// Writing cache lines back and dropping them from every cache.
#pragma once

#include <cstdint>
#include <span>

#include "core/parallel.h"
#include "device/memory.h"

namespace twofour::device::cpu {

/// Whether this processor has CLFLUSH (each x86-64 one has).
bool can_flush_lines();

/// Cache lines that hold at least one byte of `range`; 0 for an empty one.
std::int64_t line_count(const MemoryRange& range);

/// The part of `range` that lies in its lines [lines.begin, lines.end), in whole lines: the first
/// and last may reach beyond the range.
MemoryRange lines_of(const MemoryRange& range, Range lines);

/// Drops all lines of `ranges` from all caches, a share of each range by each of `threads` threads,
/// and waits until that is done. Only where can_flush_lines().
void flush_lines(std::span<const MemoryRange> ranges, int threads);

}  // namespace twofour::device::cpu
