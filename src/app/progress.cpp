#include "app/progress.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cmath>
#include "core/streams.h"
#include "measure/measure.h"

namespace twofour::app {

std::string clock_text(double seconds) {
  const auto whole = static_cast<long>(std::lround(std::fmax(seconds, 0)));
  if (whole >= 3600) {
    return fmt::format("{}:{:02}:{:02}", whole / 3600, whole / 60 % 60, whole % 60);
  }
  return fmt::format("{}:{:02}", whole / 60, whole % 60);
}

namespace {

/// A job in the background stays silent: its line would stand in what somebody types, and where the
/// terminal is set so (stty tostop) writing would stop it.
bool has_terminal() { return tcgetpgrp(STDERR_FILENO) == getpgrp(); }

}  // namespace

Progress::Progress(std::size_t total, bool enabled)
    : total_(total),
      enabled_(enabled && isatty(STDERR_FILENO) == 1),
      start_s_(measure::steady_seconds()) {}

Progress::~Progress() { clear(); }

void Progress::begin(std::size_t done, std::string_view what) {
  if (!enabled_ || !has_terminal()) return;
  clear();
  std::string left;
  if (done > 0) {
    const double per_case = (measure::steady_seconds() - start_s_) / static_cast<double>(done);
    left = ", " + clock_text(per_case * static_cast<double>(total_ - done)) + " left";
  }
  write_to_stderr(fmt::format("[{}/{}] {}{}", done + 1, total_, what, left));
  shown_ = true;
}

void Progress::clear() {
  if (!shown_) return;
  write_to_stderr("\r\x1b[K");
  shown_ = false;
}

}  // namespace twofour::app
