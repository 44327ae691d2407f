// SIGINT, SIGTERM, SIGHUP and SIGCHLD as something to wait for.
#pragma once

#include <csignal>

#include "run/part_file.h"

namespace twofour::run {

/// While it lives, these signals are blocked in this thread and come out of wait(). A SIGHUP that
/// was ignored (nohup) stays ignored. For a process of one thread.
class HeldSignals {
 public:
  HeldSignals();
  /// Signals that came too late to count are dropped; from then on they do what they did before.
  ~HeldSignals();
  HeldSignals(const HeldSignals&) = delete;
  HeldSignals& operator=(const HeldSignals&) = delete;

  /// Waits until a signal is there, or for `seconds`. Returns how many of the signals that ask for
  /// the end have come; SIGCHLD only wakes.
  int wait(double seconds);
  /// In a new child process: the ones that ask for the end are ignored, since they are the
  /// parent's, and the others do what they did before.
  void leave_to_parent() const;

 private:
  sigset_t held_{};
  sigset_t before_{};
  struct sigaction child_before_ {};
  Descriptor descriptor_;
};

}  // namespace twofour::run
