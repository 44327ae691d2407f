// The signals that ask for the end (run/held_signals.h), where no parent process hears them.
#pragma once

#include <csignal>
#include <stop_token>
#include <thread>

namespace twofour::app {

/// While it lives, these signals request a stop instead of ending the program; a second one ends it
/// at once with exit code 130. Construct it before any other thread starts: the signals are blocked
/// in this thread and all that inherit from it, and received by one thread of its own.
class Interrupt {
 public:
  Interrupt();
  [[nodiscard]] std::stop_token token() const { return source_.get_token(); }
  [[nodiscard]] bool requested() const { return source_.stop_requested(); }

 private:
  std::stop_source source_;
  std::jthread receiver_;  // last: it uses source_
};

/// From here on the signals wait, so that the files of a run are whole: a terminal that is closed
/// sends SIGHUP twice. After release() one that is new ends the program at once, with exit code
/// 130; those that waited were about what has ended by then.
class BlockedSignals {
 public:
  BlockedSignals();
  void release();

 private:
  sigset_t signals_;
};

}  // namespace twofour::app
