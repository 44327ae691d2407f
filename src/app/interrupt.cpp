#include "app/interrupt.h"

#include <unistd.h>

#include <cstdlib>
#include <ctime>
#include <initializer_list>

#include "app/exit_code.h"
#include "run/held_signals.h"

namespace twofour::app {

Interrupt::Interrupt() {
  const sigset_t set = run::end_signals();
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

BlockedSignals::BlockedSignals() : signals_(run::end_signals()) {
  pthread_sigmask(SIG_BLOCK, &signals_, nullptr);
}

void BlockedSignals::release() {
  const timespec at_once{};
  while (sigtimedwait(&signals_, nullptr, &at_once) > 0) {
  }
  for (const int signal : {SIGINT, SIGTERM, SIGHUP}) {
    if (sigismember(&signals_, signal) == 1) {
      std::signal(signal, [](int) { _exit(kExitInterrupted); });
    }
  }
  pthread_sigmask(SIG_UNBLOCK, &signals_, nullptr);
}

}  // namespace twofour::app
