// Which rows of two sets of runs are the same row.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "compare/context.h"
#include "report/report.h"

namespace twofour::compare {

/// The measurements of one row; a side may have none, or several where it has several runs.
struct Row {
  std::vector<Measurement> before;
  std::vector<Measurement> after;
};

/// Rows by what they are: problem, kernel, cache state, and device. Model, layer and TP size tell
/// rows of one problem apart where both sides have them, and else do not decide. In the order of
/// OLD, then what NEW alone has. The runs must outlive what is returned.
std::vector<Row> match(std::span<const report::Run> before, std::span<const report::Run> after,
                       Devices devices);

/// The rows of `runs` that `device` computed, as runs: its name, its UUID or PCI address, or as
/// --device names it ("cpu", "cuda", "cuda:1"). None where there are none.
std::vector<report::Run> of_device(std::span<const report::Run> runs, const std::string& device);

/// The devices of the runs, as of_device() takes them: "cuda:0 (NVIDIA H200, GPU-8c5f...)".
std::vector<std::string> device_names(std::span<const report::Run> runs);

}  // namespace twofour::compare
