#include "instruction_count.h"

#include <linux/perf_event.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <limits>
#include <new>
#include <stdexcept>
#include <string>
#include <system_error>

namespace twofour::bench {
namespace {

[[noreturn]] void fail(const char* what) {
  throw std::system_error(errno, std::generic_category(), what);
}

int open_counter() {
  perf_event_attr attributes{};
  attributes.type = PERF_TYPE_HARDWARE;
  attributes.size = sizeof(attributes);
  attributes.config = PERF_COUNT_HW_INSTRUCTIONS;
  attributes.disabled = 1;
  attributes.exclude_kernel = 1;
  attributes.exclude_hv = 1;
  return static_cast<int>(syscall(SYS_perf_event_open, &attributes, 0, -1, -1, 0));
}

std::int64_t read_counter(int event, const std::function<void()>& body) {
  // An interrupt may add one: the fewest of a few is exact.
  std::int64_t fewest = std::numeric_limits<std::int64_t>::max();
  for (int run = 0; run < 5; ++run) {
    std::int64_t value = 0;
    ioctl(event, PERF_EVENT_IOC_RESET, 0);
    ioctl(event, PERF_EVENT_IOC_ENABLE, 0);
    body();
    ioctl(event, PERF_EVENT_IOC_DISABLE, 0);
    if (read(event, &value, sizeof(value)) != sizeof(value)) fail("reading the counter");
    fewest = std::min(fewest, value);
  }
  return fewest;
}

/// A flag that the child sets while `body` runs and its parent reads between steps.
class SharedFlag {
 public:
  SharedFlag()
      : memory_(mmap(nullptr, sizeof(Flag), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1,
                     0)) {
    if (memory_ == MAP_FAILED) fail("mmap");
    flag_ = new (memory_) Flag(0);
  }
  ~SharedFlag() { munmap(memory_, sizeof(Flag)); }
  SharedFlag(const SharedFlag&) = delete;
  SharedFlag& operator=(const SharedFlag&) = delete;

  void set(int value) { flag_->store(value); }
  [[nodiscard]] int get() const { return flag_->load(); }

 private:
  using Flag = std::atomic<int>;
  void* memory_;
  Flag* flag_;
};

/// Keeps this process and its children on one processor: parent and child take turns, and waking
/// each other on the same one is faster.
class OneProcessor {
 public:
  OneProcessor() {
    if (sched_getaffinity(0, sizeof(before_), &before_) != 0) fail("sched_getaffinity");
    cpu_set_t one;
    CPU_ZERO(&one);
    CPU_SET(static_cast<unsigned>(sched_getcpu()), &one);
    sched_setaffinity(0, sizeof(one), &one);
  }
  ~OneProcessor() { sched_setaffinity(0, sizeof(before_), &before_); }
  OneProcessor(const OneProcessor&) = delete;
  OneProcessor& operator=(const OneProcessor&) = delete;

 private:
  cpu_set_t before_{};
};

[[noreturn]] void run_as_child(SharedFlag& running, const std::function<void()>& body) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (ptrace(PTRACE_TRACEME, 0, nullptr, nullptr) != 0) _exit(1);
  (void)raise(SIGSTOP);
  running.set(1);
  body();
  running.set(0);
  _exit(0);
}

/// Waits until the child stops; throws when it ended instead.
void wait_for_stop(pid_t child) {
  int status = 0;
  if (waitpid(child, &status, 0) != child) fail("waitpid");
  if (!WIFSTOPPED(status)) throw std::runtime_error("the counted process ended before its end");
  const int signal = WSTOPSIG(status);
  if (signal != SIGTRAP && signal != SIGSTOP) {
    kill(child, SIGKILL);
    waitpid(child, nullptr, 0);
    throw std::runtime_error("the counted process received signal " + std::to_string(signal));
  }
}

std::int64_t step_through(const std::function<void()>& body) {
  SharedFlag running;
  const OneProcessor turns;
  const pid_t child = fork();
  if (child < 0) fail("fork");
  if (child == 0) run_as_child(running, body);
  wait_for_stop(child);
  std::int64_t steps = 0;
  for (bool started = false; !started || running.get() != 0;) {
    if (ptrace(PTRACE_SINGLESTEP, child, nullptr, nullptr) != 0) fail("ptrace");
    wait_for_stop(child);
    started = started || running.get() != 0;
    if (started) ++steps;
  }
  kill(child, SIGKILL);
  waitpid(child, nullptr, 0);
  return steps;
}

}  // namespace

InstructionCounter::InstructionCounter() : event_(open_counter()) {}

InstructionCounter::~InstructionCounter() {
  if (event_ >= 0) close(event_);
}

std::int64_t InstructionCounter::raw(const std::function<void()>& body) const {
  return event_ >= 0 ? read_counter(event_, body) : step_through(body);
}

std::int64_t InstructionCounter::count(const std::function<void()>& body) const {
  return raw(body) - raw([] {});
}

}  // namespace twofour::bench
