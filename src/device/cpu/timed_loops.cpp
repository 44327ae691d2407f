#include "device/cpu/timed_loops.h"

#include <algorithm>
#include <utility>

#include "core/parallel.h"
#include "device/cpu/flush.h"
#include "device/cpu/timer.h"

namespace twofour::device::cpu {
namespace {

class CpuLoop : public TimedLoop {
 public:
  CpuLoop(LoopSpec spec, ThreadPinning* pinning, int threads)
      : spec_(std::move(spec)), pinning_(pinning), threads_(threads) {}

  Elapsed run(std::int64_t launches) final {
    if (pinning_ != nullptr) {
      pinning_->refresh();
    } else {
      parallel_run(threads_, [](int, int) {});  // wakes the team
    }
    const double elapsed_s = time(launches);
    return {elapsed_s, elapsed_s};
  }

 protected:
  virtual double time(std::int64_t launches) = 0;

  LoopSpec spec_;
  ThreadPinning* pinning_;
  int threads_;
};

class RotatingLoop final : public CpuLoop {
 public:
  using CpuLoop::CpuLoop;

 private:
  double time(std::int64_t launches) override {
    const int copies = std::max(spec_.cache.copies, 1);
    const double start = now_s();
    for (std::int64_t i = 0; i < launches; ++i) {
      spec_.launch(next_);
      next_ = next_ + 1 == copies ? 0 : next_ + 1;
    }
    return now_s() - start;
  }

  int next_ = 0;
};

class HotLoop final : public CpuLoop {
 public:
  using CpuLoop::CpuLoop;

 private:
  double time(std::int64_t launches) override {
    spec_.launch(0);  // other kernels had their turn since the last run
    const double start = now_s();
    for (std::int64_t i = 0; i < launches; ++i) spec_.launch(0);
    return now_s() - start;
  }
};

class FlushingLoop final : public CpuLoop {
 public:
  using CpuLoop::CpuLoop;

 private:
  double time(std::int64_t launches) override {
    double elapsed_s = 0;
    for (std::int64_t i = 0; i < launches; ++i) {
      flush_lines(spec_.weights, threads_);
      const double start = now_s();
      spec_.launch(0);
      elapsed_s += now_s() - start;
    }
    return elapsed_s;
  }
};

}  // namespace

std::unique_ptr<TimedLoop> make_timed_loop(LoopSpec spec, ThreadPinning* pinning, int threads) {
  if (spec.cache.method == CacheMethod::kFlush) {
    return std::make_unique<FlushingLoop>(std::move(spec), pinning, threads);
  }
  if (spec.cache.mode == CacheMode::kHot) {
    return std::make_unique<HotLoop>(std::move(spec), pinning, threads);
  }
  return std::make_unique<RotatingLoop>(std::move(spec), pinning, threads);
}

}  // namespace twofour::device::cpu
