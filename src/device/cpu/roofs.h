// The ceilings of this processor.
#pragma once

#include <cstddef>
#include <span>

#include "core/data_type.h"
#include "core/environment.h"
#include "operands/host_operands.h"

namespace twofour::device::cpu {

/// Measures the multiply-add rates of `types` and the read bandwidth out of cache, with `threads`
/// threads. Takes about a second and at most `memory_budget_bytes` of memory, from `allocate`.
Roofs measure_cpu_roofs(std::span<const DataType> types, int threads, std::size_t cache_bytes,
                        std::size_t memory_budget_bytes, operands::Allocator allocate);

}  // namespace twofour::device::cpu
