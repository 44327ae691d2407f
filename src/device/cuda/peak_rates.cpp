#include "device/cuda/peak_rates.h"

#include <array>

namespace twofour::device::cuda {
namespace {

/// Zero: no such instruction.
struct PeakRate {
  int compute_capability;
  int sixteen_bit;
  int int8;
  int fp8;
};

// From the architectures' white papers, as dense TFLOP/s over (2 x SMs x boost clock):
// A100 312 / 624 at 108 SMs, 1.41 GHz; A40 150 / 299 at 84, 1.74; L40S 366 / 733 at 142, 2.52;
// H100 SXM 989 / 1979 at 132, 1.83; B200 2250 / 4500 at 148, 1.85; RTX PRO 6000 Blackwell
// 504 / 1008 at 188, 2.62. GeForce cards of 89 and 120 add 16-bit and fp8 products up in float32 at
// half of that.
constexpr std::array<PeakRate, 6> kRates{{
    {80, 1024, 2048, 0},
    {86, 512, 1024, 0},
    {89, 512, 1024, 1024},
    {90, 2048, 4096, 4096},
    {100, 4096, 8192, 8192},
    {120, 512, 1024, 1024},
}};

int rate_of(const PeakRate& rate, DataType type) {
  if (info(type).bits == 16) return rate.sixteen_bit;
  if (info(type).bits != 8) return 0;
  return is_integer(type) ? rate.int8 : rate.fp8;
}

}  // namespace

std::optional<int> multiply_adds_per_clock(int compute_capability, DataType type) {
  for (const PeakRate& rate : kRates) {
    if (rate.compute_capability != compute_capability) continue;
    const int multiply_adds = rate_of(rate, type);
    return multiply_adds > 0 ? std::optional(multiply_adds) : std::nullopt;
  }
  return std::nullopt;
}

}  // namespace twofour::device::cuda
