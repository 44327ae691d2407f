#include "device/cpu/pinning.h"

#include <sched.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <memory>
#include <span>
#include <stdexcept>
#include <string>
#include <system_error>
#include <utility>

#include "core/parallel.h"

namespace twofour::device::cpu {
namespace {

struct FreeCpuSet {
  void operator()(cpu_set_t* set) const { CPU_FREE(set); }
};
using CpuSet = std::unique_ptr<cpu_set_t, FreeCpuSet>;

/// Larger machines than this do not run Linux today; the kernel refuses a mask that is too small.
constexpr int kLargestMask = 1 << 20;

/// Which binding the thread at hand has.
thread_local unsigned bound_by = 0;

unsigned next_generation() {
  static std::atomic<unsigned> last{0};
  return ++last;
}

}  // namespace

bool bind_this_thread(std::span<const int> cpus) {
  const int highest = *std::max_element(cpus.begin(), cpus.end());
  const CpuSet set(CPU_ALLOC(static_cast<std::size_t>(highest) + 1));
  const std::size_t size = CPU_ALLOC_SIZE(static_cast<std::size_t>(highest) + 1);
  if (!set) return false;
  CPU_ZERO_S(size, set.get());
  for (const int cpu : cpus) CPU_SET_S(static_cast<std::size_t>(cpu), size, set.get());
  return sched_setaffinity(0, size, set.get()) == 0;
}

std::vector<int> allowed_cpus() {
  for (int count = CPU_SETSIZE; count <= kLargestMask; count *= 2) {
    const CpuSet set(CPU_ALLOC(static_cast<std::size_t>(count)));
    const std::size_t size = CPU_ALLOC_SIZE(static_cast<std::size_t>(count));
    if (!set) break;
    CPU_ZERO_S(size, set.get());
    if (sched_getaffinity(0, size, set.get()) != 0) {
      if (errno == EINVAL) continue;
      break;
    }
    std::vector<int> cpus;
    for (int cpu = 0; cpu < count; ++cpu) {
      if (CPU_ISSET_S(static_cast<std::size_t>(cpu), size, set.get())) cpus.push_back(cpu);
    }
    if (!cpus.empty()) return cpus;
  }
  throw std::runtime_error("cannot read which processors this process may use: " +
                           std::generic_category().message(errno));
}

ThreadPinning::ThreadPinning(std::vector<int> cpus, int threads)
    : cpus_(std::move(cpus)),
      before_(allowed_cpus()),
      threads_(threads),
      generation_(next_generation()) {
#if defined(__SANITIZE_THREAD__)
  // parallel_run starts new threads each time, which would inherit this one's processor.
  throw std::runtime_error("threads do not last in a ThreadSanitizer build");
#endif
  if (refresh()) return;
  restore();
  throw std::runtime_error("the operating system does not let threads be bound to a processor");
}

ThreadPinning::~ThreadPinning() { restore(); }

void ThreadPinning::restore() {
  // A failure leaves a thread bound, which the program can live with.
  parallel_run(threads_, [&](int, int) {
    static_cast<void>(bind_this_thread(before_));
    bound_by = 0;
  });
}

bool ThreadPinning::refresh() {
  std::atomic<bool> done{true};
  parallel_run(threads_, [&](int index, int) {
    if (bound_by == generation_) return;
    const int cpu = cpus_[static_cast<std::size_t>(index) % cpus_.size()];
    if (bind_this_thread({&cpu, 1})) {
      bound_by = generation_;
    } else {
      done = false;
    }
  });
  return done;
}

}  // namespace twofour::device::cpu
