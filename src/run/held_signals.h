// SIGINT, SIGTERM, SIGHUP and SIGCHLD as something to wait for.
#pragma once

#include <csignal>

#include "run/part_file.h"

namespace twofour::run {

/// The signals that ask a run to come to its end: SIGINT, SIGTERM and SIGHUP, but for those that
/// were ignored when the program started. Whoever starts a program so (nohup; a shell that starts a
/// job in the background of a script) wants it to go on.
sigset_t end_signals();

/// While it lives, these signals are blocked in this thread and come out of wait(). For a process
/// of one thread.
class HeldSignals {
 public:
  HeldSignals();
  /// From then on they do what they did before. One that came and was not waited for is dropped: it
  /// came too late to count.
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
