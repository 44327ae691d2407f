// What a reader must know before believing a row. docs/measurement.md explains each flag.
#pragma once

#include <cstdint>

#include "core/named.h"

namespace twofour {

/// In the order in which they are shown.
enum class Flag : std::uint8_t {
  kNotCold,       ///< cold was asked for, and the weights were (or may have been) in cache
  kWeakBaseline,  ///< the dense side is far under its ceilings
  kAboveCeiling,  ///< the speed-up is higher than 2:4 can explain
  kUnstable,      ///< the requested precision was not reached
  kCliff,         ///< hot, and only the 2:4 weights fit in the cache
};

inline constexpr NameTable<Flag, 5> kFlagNames{{
    {Flag::kNotCold, "NOT_COLD"},
    {Flag::kWeakBaseline, "WEAK_BASELINE"},
    {Flag::kAboveCeiling, "ABOVE_CEILING"},
    {Flag::kUnstable, "UNSTABLE"},
    {Flag::kCliff, "CLIFF"},
}};

constexpr std::string_view to_string(Flag flag) { return name_in(kFlagNames, flag); }

}  // namespace twofour
