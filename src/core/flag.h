// What a reader must know before believing a row. docs/measurement.md explains each flag.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace twofour {

/// In the order in which they are shown.
enum class Flag : std::uint8_t {
  kNotCold,       ///< cold was asked for, and the weights were (or may have been) in cache
  kWeakBaseline,  ///< the dense side is far under its ceilings
  kAboveCeiling,  ///< the speed-up is higher than 2:4 can explain
  kUnstable,      ///< what the row is for is not known to the requested precision
  kThrottled,     ///< a CPU quota stopped the process while it was measured
  kBusy,          ///< other processes ran on the device while it was measured
  kCliff,         ///< hot, and only the 2:4 weights fit in the cache
};

/// A flag's name in files and tables, and what the legend says of it.
struct FlagInfo {
  Flag flag;
  std::string_view name;
  std::string_view meaning;
  bool doubts_win;  ///< a speed-up of a row with this flag may be no property of the kernels
  std::string_view advice = {};  ///< what helps; empty: nothing is told
};

inline constexpr std::array<FlagInfo, 7> kFlags{{
    {Flag::kNotCold, "NOT_COLD",
     "cold was asked for, but nothing keeps the weights out of cache, or they came faster than "
     "memory gives them",
     true},
    {Flag::kWeakBaseline, "WEAK_BASELINE",
     "the dense side is far under what the device can do, so the ratio flatters 2:4", true},
    {Flag::kAboveCeiling, "ABOVE_CEILING", "the speed-up is higher than 2:4 can explain", true},
    {Flag::kUnstable, "UNSTABLE",
     "sampling stopped before the ratio of a 2:4 row, or the time of another one, was precise",
     true, "more --max-time helps"},
    {Flag::kThrottled, "THROTTLED",
     "a CPU quota (cgroup) stopped the process while the row was measured, so its times hold "
     "pauses",
     false, "fewer --threads or a larger quota helps"},
    {Flag::kBusy, "BUSY",
     "other processes ran on the device, or on the host of this virtual machine, while the row was "
     "measured",
     false, "a machine of one's own helps"},
    {Flag::kCliff, "CLIFF",
     "hot, and only the 2:4 weights fit in the cache: the ratio compares cache with memory", false},
}};

constexpr const FlagInfo& info(Flag flag) { return kFlags[static_cast<std::size_t>(flag)]; }

constexpr std::string_view to_string(Flag flag) { return info(flag).name; }

}  // namespace twofour
