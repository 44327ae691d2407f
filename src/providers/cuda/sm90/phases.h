// Phases of a CTA of a decode kernel, whose times can be recorded (DecodeArguments::stamps).
#pragma once

#include <cstdint>

namespace twofour::providers::cuda::sm90 {

enum class Phase : std::uint8_t {
  kStart,          ///< the CTA runs
  kIssued,         ///< the copies of the weights that fit the ring are issued
  kReleased,       ///< the previous kernel of the stream has finished
  kMultiplied,     ///< the first warp's products are done
  kPartialsReady,  ///< all partial sums that this CTA adds have arrived
  kEnd,            ///< the epilogue has stored its part of D
};
inline constexpr int kPhases = 6;

}  // namespace twofour::providers::cuda::sm90
