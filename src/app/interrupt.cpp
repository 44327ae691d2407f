#include "app/interrupt.h"

#include <csignal>
#include <cstdlib>
#include <ctime>
#include <initializer_list>

#include "app/exit_code.h"

namespace twofour::app {
namespace {

sigset_t handled_signals() {
  sigset_t set;
  sigemptyset(&set);
  for (const int signal : {SIGINT, SIGTERM}) sigaddset(&set, signal);
  return set;
}

}  // namespace

Interrupt::Interrupt() {
  const sigset_t set = handled_signals();
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
  receiver_ = std::jthread([this, set](const std::stop_token& end) {
    while (!end.stop_requested()) {
      // A time limit, so that the destructor need not send a signal to be heard.
      const timespec tick{.tv_sec = 0, .tv_nsec = 100'000'000};
      if (sigtimedwait(&set, nullptr, &tick) < 0) continue;
      if (source_.stop_requested()) std::_Exit(kExitInterrupted);
      source_.request_stop();
    }
  });
}

}  // namespace twofour::app
