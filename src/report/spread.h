// How far devices of one kind differ on the same problems.
#pragma once

#include <string>
#include <vector>

#include "report/grid.h"
#include "report/results.h"

namespace twofour::report {

/// From so much above the median of the devices on, by the lower end of its interval, a device is
/// called a straggler.
inline constexpr double kStraggler = 1.1;

struct Spread {
  std::string title;  ///< "Spread over 4 devices: NVIDIA H200"
  /// A row for each problem that two of them or more measured: the median over devices of the time
  /// of the best 2:4 kernel there, the fastest and the slowest device with their time over that
  /// median and its 95 % interval, and the verdicts.
  Grid grid;
  /// In how many problems verdicts differ, and which devices are stragglers: a sentence each.
  std::vector<std::string> told;
};

/// One for each kind and name of device of which there are several with problems in common.
std::vector<Spread> spreads(const Results& results);

}  // namespace twofour::report
