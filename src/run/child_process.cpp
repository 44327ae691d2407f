#include "run/child_process.h"

#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <system_error>

#include "core/streams.h"

namespace twofour::run {
namespace {

/// Static objects go as at any end of a program; what lives on the parent's stack does not: it is
/// the parent's.
[[noreturn]] void be_child(pid_t parent, const std::function<int()>& work) noexcept {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  // It may have gone before the line above.
  if (getppid() != parent) _exit(EXIT_FAILURE);
  int code = EXIT_FAILURE;
  try {
    code = work();
  } catch (const std::exception& error) {
    say(error.what());
  } catch (...) {
    say("the process that measures met an exception of an unknown type");
  }
  std::exit(code);
}

}  // namespace

ChildProcess::ChildProcess(const std::function<int()>& work) {
  const pid_t parent = getpid();
  // What is in a buffer now would be written twice.
  (void)std::fflush(nullptr);
  pid_ = fork();
  if (pid_ < 0) throw std::system_error(errno, std::generic_category(), "cannot start a process");
  if (pid_ == 0) be_child(parent, work);
}

ChildProcess::~ChildProcess() {
  if (status_) return;
  kill();
  wait();
}

bool ChildProcess::take(int status) {
  if (WIFSTOPPED(status) || WIFCONTINUED(status)) {
    stopped_ = WIFSTOPPED(status);
    return false;
  }
  status_ = status;
  return true;
}

std::optional<int> ChildProcess::poll() {
  int status = 0;
  while (!status_ && waitpid(pid_, &status, WNOHANG | WUNTRACED | WCONTINUED) == pid_) {
    take(status);
  }
  return status_;
}

int ChildProcess::wait() {
  int status = 0;
  while (!status_) {
    const pid_t ended = waitpid(pid_, &status, 0);
    if (ended == pid_) take(status);
    if (ended < 0 && errno != EINTR) {
      throw std::system_error(errno, std::generic_category(), "cannot wait for a process");
    }
  }
  return *status_;
}

void ChildProcess::kill() { ::kill(pid_, SIGKILL); }

int run_in_child(const std::function<int()>& work) {
  ChildProcess child(work);
  const int status = child.wait();
  constexpr int kSignalled = 128;
  return WIFEXITED(status) ? WEXITSTATUS(status) : kSignalled + WTERMSIG(status);
}

}  // namespace twofour::run
