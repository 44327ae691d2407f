// Tables that fit a screen: speed-ups by layer and M, and devices side by side.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "core/record.h"
#include "report/display.h"
#include "report/grid.h"
#include "report/results.h"

namespace twofour::report {

struct Overview {
  std::string title;
  Grid grid;
  std::string remark;  ///< what was left out so that it fits, no full stop; may be empty
};

/// The speed-up of the best 2:4 kernel over dense, a row for each layer (or K and N) and a column
/// for each M; for a sweep in which shapes change otherwise, a row for each shape. One for each
/// state of the cache. A cell is the geometric mean over problems that differ in bias, scales or
/// the type of D, with a mark for their verdicts (overview_legend()). Of more rows and columns than
/// `display` has place for, some at even distances are there.
std::vector<Overview> overviews(const Sweep& sweep, const Display& display);
std::string overview_legend();

/// Problems that several devices measured: a row for each, a column for each device with the time
/// of its best 2:4 kernel and the speed-up over its own fastest dense one. At most `most` devices a
/// table, so there may be several; none where no two devices measured the same.
std::vector<Grid> side_by_side(const Results& results, std::size_t most);

/// "#2 NVIDIA H200": what columns call the device at place `i`.
std::string device_name(const Results& results, std::size_t i);

}  // namespace twofour::report
