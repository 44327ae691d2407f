// How a cold measurement keeps weights out of cache, and what would fit in it. Pure functions.
#pragma once

#include <cstddef>
#include <optional>

#include "core/record.h"
#include "core/residency.h"

namespace twofour::device {

/// How to keep `bytes_per_copy` of packed weights out of a cache of `cache_bytes`: rotation over
/// copies of at least twice the cache in all where `memory_budget_bytes` allows it, else a flush
/// where `can_flush`, else CacheMethod::kNone (the row is then NOT_COLD). Rotation needs to know
/// the cache's size.
CacheState plan_cold(std::size_t bytes_per_copy, std::optional<std::size_t> cache_bytes,
                     std::size_t memory_budget_bytes, bool can_flush);

/// For CacheState::residency.
Residency residency(std::size_t dense_bytes, std::size_t sparse_bytes,
                    std::optional<std::size_t> cache_bytes);

}  // namespace twofour::device
