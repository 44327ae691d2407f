#include "device/cpu/roofs.h"

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <cstring>
#include <exception>
#include <optional>

#include "core/parallel.h"
#include "core/processor.h"
#include "device/cpu/arithmetic_rates.h"
#include "device/cpu/flush.h"
#include "device/cpu/memory.h"
#include "device/cpu/timer.h"
#include "operands/vector_isa.h"

namespace twofour::device::cpu {
namespace {

constexpr std::size_t kLeastBytes = std::size_t{128} << 20;
constexpr std::size_t kMostBytes = std::size_t{512} << 20;
/// The best of so many passes: on a shared machine most are disturbed.
constexpr int kPasses = 24;
/// Places that a thread reads from in turn. Hardware prefetchers follow each of them: on a Zen 3
/// core one place gave 20 GB/s and eight 24.
constexpr std::int64_t kStreams = 8;
constexpr std::int64_t kStep = 256;

/// Adds up the words of `bytes` bytes but for the last ones, fewer than kStreams * kStep; what the
/// sum is does not matter.
struct SumWords {
  TWOFOUR_INLINE static void run(const std::byte* __restrict data, std::int64_t bytes,
                                 std::uint64_t* __restrict sum) {
    const std::int64_t part = bytes / kStreams / kStep * kStep;
    std::uint64_t total = 0;
    for (std::int64_t at = 0; at < part; at += kStep) {
      for (std::int64_t stream = 0; stream < kStreams; ++stream) {
        const std::byte* from = data + stream * part + at;
        for (std::int64_t i = 0; i < kStep; i += 8) {
          std::uint64_t word;
          std::memcpy(&word, from + i, sizeof word);
          total += word;
        }
      }
    }
    *sum = total;
  }
};

}  // namespace

std::optional<double> measure_read_bytes_per_s(int threads, std::size_t cache_bytes,
                                               std::size_t budget_bytes,
                                               operands::Allocator allocate) {
  const std::size_t wanted = std::clamp(4 * cache_bytes, kLeastBytes, kMostBytes);
  const std::size_t bytes = std::min(wanted, budget_bytes) / kHugePageBytes * kHugePageBytes;
  if (bytes == 0) return std::nullopt;
  Buffer buffer;
  try {
    buffer = allocate(bytes);
  } catch (const std::exception&) {  // less is free than was said
    return std::nullopt;
  }
  const MemoryRange range{buffer.data(), bytes};
  // A cache of which less than half is replaced by a pass keeps some of it for the next.
  const bool flush = bytes < 2 * cache_bytes && can_flush_lines();
  const operands::VectorIsa isa = operands::widest_vector_isa();
  std::atomic<std::uint64_t> sink{0};
  double best_s = 0;
  for (int pass = 0; pass < kPasses; ++pass) {
    if (flush) flush_lines({&range, 1}, threads);
    const double start = now_s();
    parallel_run(threads, [&](int index, int count) {
      const Range share = thread_share(static_cast<std::int64_t>(bytes), index, count, 4096);
      std::uint64_t sum = 0;
      operands::with_vector_isa<SumWords>(
          isa, static_cast<const std::byte*>(buffer.as<std::byte>() + share.begin),
          share.end - share.begin, &sum);
      sink += sum;
    });
    const double elapsed_s = now_s() - start;
    best_s = pass == 0 ? elapsed_s : std::min(best_s, elapsed_s);
  }
  return static_cast<double>(bytes) / best_s;
}

std::map<DataType, double> measure_arithmetic(std::span<const DataType> types, int threads) {
  std::map<DataType, double> rates;
  const Features features = usable_features();
  for (const DataType type : types) {
    const std::optional<double> rate = measure_multiply_adds_per_s(type, features, threads);
    if (rate) rates[type] = *rate;
  }
  return rates;
}

}  // namespace twofour::device::cpu
