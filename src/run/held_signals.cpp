#include "run/held_signals.h"

#include <poll.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <cmath>
#include <initializer_list>

namespace twofour::run {
namespace {

constexpr std::initializer_list<int> kEndSignals{SIGINT, SIGTERM, SIGHUP};

bool is_ignored(int signal) {
  struct sigaction action {};
  return sigaction(signal, nullptr, &action) == 0 && action.sa_handler == SIG_IGN;
}

}  // namespace

sigset_t end_signals() {
  sigset_t set;
  sigemptyset(&set);
  for (const int signal : kEndSignals) {
    if (!is_ignored(signal)) sigaddset(&set, signal);
  }
  return set;
}

HeldSignals::HeldSignals() : held_(end_signals()) {
  sigaddset(&held_, SIGCHLD);
  // Where SIGCHLD is ignored, nobody can wait for a child.
  struct sigaction by_default {};
  by_default.sa_handler = SIG_DFL;
  sigaction(SIGCHLD, &by_default, &child_before_);
  pthread_sigmask(SIG_BLOCK, &held_, &before_);
  descriptor_ = Descriptor(signalfd(-1, &held_, SFD_NONBLOCK | SFD_CLOEXEC));
}

HeldSignals::~HeldSignals() {
  static_cast<void>(wait(0));
  sigaction(SIGCHLD, &child_before_, nullptr);
  pthread_sigmask(SIG_SETMASK, &before_, nullptr);
}

int HeldSignals::wait(double seconds) {
  pollfd watched{descriptor_.get(), POLLIN, 0};
  if (poll(&watched, 1, static_cast<int>(std::ceil(seconds * 1e3))) <= 0) return 0;
  int count = 0;
  signalfd_siginfo info{};
  while (read(descriptor_.get(), &info, sizeof(info)) == sizeof(info)) {
    if (info.ssi_signo != SIGCHLD) ++count;
  }
  return count;
}

void HeldSignals::leave_to_parent() const {
  for (const int signal : kEndSignals) std::signal(signal, SIG_IGN);
  sigaction(SIGCHLD, &child_before_, nullptr);
  pthread_sigmask(SIG_SETMASK, &before_, nullptr);
}

}  // namespace twofour::run
