#include "core/parallel.h"

#if defined(__SANITIZE_THREAD__) || !defined(_OPENMP)
#include <thread>
#include <vector>
#else
#include <omp.h>
#endif

namespace twofour {

#if defined(__SANITIZE_THREAD__) || !defined(_OPENMP)

// The fuzzers are built without OpenMP. And its runtime is not instrumented, so ThreadSanitizer
// cannot see its barriers and reports every fork and join as a race. Plain threads keep the
// kernels' own sharing under test.
void parallel_run(int threads, FunctionRef<void(int, int)> body) {
  std::vector<std::jthread> team;
  team.reserve(static_cast<std::size_t>(threads));
  for (int i = 1; i < threads; ++i) team.emplace_back([=] { body(i, threads); });
  body(0, threads);
}

int team_size(int threads) { return threads; }

#else

void parallel_run(int threads, FunctionRef<void(int, int)> body) {
  if (threads == 1) {
    body(0, 1);
    return;
  }
  // The body is told `threads` even if the runtime gives fewer threads, so every share must be run:
  // the loop hands out shares, one to a thread when the team is complete.
#pragma omp parallel for num_threads(threads) schedule(static, 1)
  for (int i = 0; i < threads; ++i) body(i, threads);
}

int team_size(int threads) {
  // A runtime that adjusts teams to the machine's load would make samples differ.
  omp_set_dynamic(0);
  int size = 1;
#pragma omp parallel num_threads(threads)
#pragma omp single
  size = omp_get_num_threads();
  return size;
}

#endif

}  // namespace twofour
