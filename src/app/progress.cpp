#include "app/progress.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cmath>
#include <cstdio>

#include "measure/measure.h"

namespace twofour::app {

std::string clock_text(double seconds) {
  const auto whole = static_cast<long>(std::lround(std::fmax(seconds, 0)));
  if (whole >= 3600) {
    return fmt::format("{}:{:02}:{:02}", whole / 3600, whole / 60 % 60, whole % 60);
  }
  return fmt::format("{}:{:02}", whole / 60, whole % 60);
}

Progress::Progress(std::size_t total, bool enabled)
    : total_(total),
      enabled_(enabled && isatty(STDERR_FILENO) == 1),
      start_s_(measure::steady_seconds()) {}

Progress::~Progress() { clear(); }

void Progress::begin(std::size_t done, std::string_view what) {
  if (!enabled_) return;
  clear();
  std::string left;
  if (done > 0) {
    const double per_case = (measure::steady_seconds() - start_s_) / static_cast<double>(done);
    left = ", " + clock_text(per_case * static_cast<double>(total_ - done)) + " left";
  }
  fmt::print(stderr, "[{}/{}] {}{}", done + 1, total_, what, left);
  (void)std::fflush(stderr);
  shown_ = true;
}

void Progress::clear() {
  if (!shown_) return;
  fmt::print(stderr, "\r\x1b[K");
  (void)std::fflush(stderr);
  shown_ = false;
}

}  // namespace twofour::app
