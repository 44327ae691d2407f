// Lists of processors as Linux, taskset and Slurm write them: "0-7,16-23".
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace twofour {

/// Larger machines than this do not run Linux today.
inline constexpr int kMostCpus = 1 << 20;

/// The numbers, ascending. Nothing for what is not such a list from its begin to its end, for a
/// number of kMostCpus or more, and where one is given twice.
std::optional<std::vector<int>> read_cpu_list(std::string_view text);

/// `cpus` must be ascending.
std::string cpu_list_text(std::span<const int> cpus);

}  // namespace twofour
