// The ceilings of this processor.
#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <span>

#include "core/data_type.h"
#include "core/environment.h"
#include "operands/host_operands.h"

namespace twofour::device::cpu {

/// Multiply-adds per second of `types`, of those that the processor multiplies.
std::map<DataType, double> measure_arithmetic(std::span<const DataType> types, int threads);

/// The read bandwidth out of cache with `threads` threads. Takes half a second and at most
/// `budget_bytes` of memory, from `allocate`. Nothing where no memory can be had.
std::optional<double> measure_read_bytes_per_s(int threads, std::size_t cache_bytes,
                                               std::size_t budget_bytes,
                                               operands::Allocator allocate);

}  // namespace twofour::device::cpu
