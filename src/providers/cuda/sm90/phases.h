// Phases of a CTA of a decode kernel whose times can be taken (DecodeArguments::stamps).
#pragma once

#include <cstdint>

namespace twofour::providers::cuda::sm90 {

enum class Phase : std::uint8_t {
  kStart,       ///< it runs
  kAsked,       ///< it has asked for the weights that fit
  kReleased,    ///< the kernel before has finished
  kMultiplied,  ///< the first warp's products are done
  kMet,         ///< all partial sums of the CTA are there
  kEnd,         ///< its part of D is stored
};
inline constexpr int kPhases = 6;

}  // namespace twofour::providers::cuda::sm90
