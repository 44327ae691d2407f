// One line on stderr that says how far the sweep is; only on a terminal.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace twofour::app {

class Progress {
 public:
  /// `total` cases; nothing is printed unless `enabled` and stderr is a terminal.
  Progress(std::size_t total, bool enabled);
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  /// There are so many cases now.
  void set_total(std::size_t total) { total_ = total; }
  /// Shows that case number `done` (counted from 0) begins, with the time left judged by the cases
  /// so far.
  void begin(std::size_t done, std::string_view what);
  /// Removes the line, so that results can be printed.
  void clear();

 private:
  std::size_t total_;
  bool shown_ = false;
  bool enabled_;
  double start_s_;
};

/// "1:05", "2:03:09": minutes and seconds, hours when there are any.
std::string clock_text(double seconds);

}  // namespace twofour::app
