#include "app/result_stream.h"

#include <fcntl.h>
#include <unistd.h>

namespace twofour::app {
namespace {

std::FILE*& kept() {
  static std::FILE* stream = nullptr;
  return stream;
}

}  // namespace

void keep_stdout_for_results() {
  // Above the numbers of the standard streams; what is started must not write into the results.
  const int copy = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
  if (copy < 0) return;  // stdout is closed, and there is nothing to keep
  std::FILE* stream = fdopen(copy, "w");
  if (stream == nullptr || dup2(STDERR_FILENO, STDOUT_FILENO) < 0) {
    close(copy);
    return;
  }
  kept() = stream;
}

std::FILE* results() { return kept() == nullptr ? stdout : kept(); }

}  // namespace twofour::app
