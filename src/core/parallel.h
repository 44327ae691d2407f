// The one place where host threads come from.
#pragma once

#include <cstdint>

#include "core/function_ref.h"

namespace twofour {

/// Runs `body(thread_index, thread_count)` on `threads` threads at once and returns when all have
/// returned. The same OpenMP team serves every call, so that pinned threads stay pinned, and a call
/// allocates nothing once the team exists. An exception in `body` ends the program: bodies are
/// kernels and do not throw.
void parallel_run(int threads, FunctionRef<void(int thread_index, int thread_count)> body);

/// Threads that parallel_run really gets where it asks for `threads`: the OpenMP runtime may have a
/// limit (OMP_THREAD_LIMIT). The work is complete all the same, and takes longer.
int team_size(int threads);

/// A half-open range of items.
struct Range {
  std::int64_t begin = 0;
  std::int64_t end = 0;
};

/// The part of [0, count) that falls to one thread: contiguous, sizes differing by at most one unit
/// of `multiple` items, so that two threads never write into the same unit.
constexpr Range thread_share(std::int64_t count, int thread_index, int thread_count,
                             std::int64_t multiple = 1) {
  const std::int64_t units = (count + multiple - 1) / multiple;
  const auto cut = [&](std::int64_t index) {
    const std::int64_t item = units * index / thread_count * multiple;
    return item < count ? item : count;
  };
  return {cut(thread_index), cut(thread_index + 1)};
}

}  // namespace twofour
