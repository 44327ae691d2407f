// One processor for each thread of the OpenMP team.
#pragma once

#include <span>
#include <vector>

namespace twofour::device::cpu {

/// Processors of this thread's affinity mask, ascending. Throws std::runtime_error when the
/// operating system does not tell.
std::vector<int> allowed_cpus();

/// Binds the calling thread, and threads that it starts from then on, to `cpus`, which are not
/// none. False, with errno set, when the operating system refuses.
bool bind_this_thread(std::span<const int> cpus);

/// Binds the threads that parallel_run uses, the calling thread among them, to one processor each
/// for as long as it lives; then gives them back the mask that the calling thread had. Made,
/// refreshed and destroyed by one thread.
class ThreadPinning {
 public:
  /// Thread i goes to cpus[i % cpus.size()]. Throws std::runtime_error when the operating system
  /// refuses.
  ThreadPinning(std::vector<int> cpus, int threads);
  ~ThreadPinning();
  ThreadPinning(const ThreadPinning&) = delete;
  ThreadPinning& operator=(const ThreadPinning&) = delete;

  /// Binds threads that joined the team since: a library that runs a smaller team makes the OpenMP
  /// runtime end some threads and start others later, which inherit the mask of this one. Also
  /// wakes the team. False when a thread could not be bound.
  bool refresh();

 private:
  void restore();

  std::vector<int> cpus_;
  std::vector<int> before_;
  int threads_;
  unsigned generation_;  ///< tells this binding from earlier ones in the same threads
};

}  // namespace twofour::device::cpu
