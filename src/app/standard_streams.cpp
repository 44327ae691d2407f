#include "app/standard_streams.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <initializer_list>
#include <system_error>

#include "core/streams.h"

namespace twofour::app {
namespace {

int& results_number() {
  static int number = STDOUT_FILENO;
  return number;
}

void keep_stdout_for_results() {
  // Above the numbers of the standard streams; what is started must not write into the results.
  const int copy = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
  if (copy < 0) return;
  if (dup2(STDERR_FILENO, STDOUT_FILENO) < 0) {
    close(copy);
    return;
  }
  results_number() = copy;
}

}  // namespace

void prepare_standard_streams() {
  for (const int number : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    if (fcntl(number, F_GETFD) >= 0 || errno != EBADF) continue;
    // It gets the lowest number that is free, which is this one. Opened the wrong way round:
    // reading stdin and writing the others fail with EBADF, as they did.
    if (open("/dev/null", number == STDIN_FILENO ? O_WRONLY : O_RDONLY) >= 0) continue;
    // Without /dev a folder does: it can be opened, not read or written.
    static_cast<void>(open("/", O_RDONLY | O_DIRECTORY));
  }
  std::signal(SIGPIPE, SIG_IGN);
  std::signal(SIGXFSZ, SIG_IGN);
  keep_stdout_for_results();
}

int results_descriptor() { return results_number(); }

void write_to_stdout(std::string_view text) {
  if (const int error = write_all(results_descriptor(), text); error != 0) {
    throw CannotWrite(
        fmt::format("cannot write to stdout: {}", std::generic_category().message(error)));
  }
}

}  // namespace twofour::app
