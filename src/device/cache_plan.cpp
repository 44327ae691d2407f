#include "device/cache_plan.h"

#include <algorithm>

namespace twofour::device {
namespace {

// More copies than this cost more in set-up than they tell: a weight this small is flushed instead.
constexpr std::size_t kMostCopies = 4096;

}  // namespace

CacheState plan_cold(std::size_t bytes_per_copy, std::optional<std::size_t> cache_bytes,
                     std::size_t memory_budget_bytes, bool can_flush) {
  CacheState state;
  state.mode = CacheMode::kCold;
  state.bytes_per_copy = bytes_per_copy;
  state.last_level_cache_bytes = cache_bytes;
  const std::size_t copy = std::max<std::size_t>(bytes_per_copy, 1);
  const std::size_t copies =
      std::max<std::size_t>((2 * cache_bytes.value_or(0) + copy - 1) / copy, 1);
  // One copy is always there, so it is never over budget.
  const bool affordable = copies == 1 || copies * copy <= memory_budget_bytes;
  if (cache_bytes && affordable && copies <= kMostCopies) {
    state.method = CacheMethod::kRotate;
    state.copies = static_cast<int>(copies);
  } else if (can_flush) {
    state.method = CacheMethod::kFlush;
  }
  return state;
}

Residency residency(std::size_t dense_bytes, std::size_t sparse_bytes,
                    std::optional<std::size_t> cache_bytes) {
  if (!cache_bytes) return Residency::kUnknown;
  if (dense_bytes <= *cache_bytes) return Residency::kFits;
  return sparse_bytes <= *cache_bytes ? Residency::kCliff : Residency::kSpills;
}

}  // namespace twofour::device
