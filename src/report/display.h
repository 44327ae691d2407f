// What text for people is shown on.
#pragma once

#include <cstddef>

namespace twofour::report {

/// The default is a pipe or a file: all columns, nothing cut, no colour.
struct Display {
  std::size_t width = 0;   ///< columns of a terminal; 0: no limit
  std::size_t height = 0;  ///< lines of a terminal; 0: no limit
  bool colour = false;     ///< ANSI escapes may be written
};

}  // namespace twofour::report
