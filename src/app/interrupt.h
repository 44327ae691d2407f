// SIGINT as a std::stop_token.
#pragma once

#include <stop_token>
#include <thread>

namespace twofour::app {

/// While it lives, SIGINT and SIGTERM request a stop instead of ending the program; a second one
/// ends it at once with exit code 130. Construct it before any other thread starts: the signals are
/// blocked in this thread and all that inherit from it, and received by one thread of its own.
class Interrupt {
 public:
  Interrupt();
  [[nodiscard]] std::stop_token token() const { return source_.get_token(); }
  [[nodiscard]] bool requested() const { return source_.stop_requested(); }

 private:
  std::stop_source source_;
  std::jthread receiver_;  // last: it uses source_
};

}  // namespace twofour::app
