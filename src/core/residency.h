// Whether the weights of a problem fit in the last-level cache.
#pragma once

#include <cstdint>

#include "core/named.h"

namespace twofour {

enum class Residency : std::uint8_t {
  kUnknown,
  kFits,    ///< dense weights do
  kCliff,   ///< only 2:4 weights do, so a hot ratio compares cache with memory
  kSpills,  ///< neither do
};

inline constexpr NameTable<Residency, 4> kResidencyNames{{
    {Residency::kUnknown, ""},
    {Residency::kFits, "fits"},
    {Residency::kCliff, "cliff"},
    {Residency::kSpills, "spills"},
}};

constexpr std::string_view to_string(Residency residency) {
  return name_in(kResidencyNames, residency);
}

}  // namespace twofour
