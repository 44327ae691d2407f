// A copy of this process that does one thing and ends.
#pragma once

#include <sys/types.h>

#include <functional>
#include <optional>

namespace twofour::run {

/// A child that dies with its parent. The parent must have one thread. Killed and waited for on
/// destruction.
class ChildProcess {
 public:
  /// The child calls `work` and ends with what it returns as its exit code; an exception that it
  /// throws is said on stderr and ends it with 1. Throws std::system_error when no process can be
  /// had.
  explicit ChildProcess(const std::function<int()>& work);
  ~ChildProcess();
  ChildProcess(const ChildProcess&) = delete;
  ChildProcess& operator=(const ChildProcess&) = delete;

  /// Its status, as waitpid() has it, once it has ended. Does not wait.
  std::optional<int> poll();
  /// The same, and waits.
  int wait();
  /// Whether it was stopped (SIGSTOP, Ctrl-Z) at the last poll().
  [[nodiscard]] bool stopped() const { return stopped_; }
  void kill();

 private:
  bool take(int status);

  pid_t pid_ = -1;
  std::optional<int> status_;
  bool stopped_ = false;
};

/// Runs `work` in a child and returns its exit code, or 128 + the signal that ended it.
int run_in_child(const std::function<int()>& work);

}  // namespace twofour::run
