#include "report/numbers.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace twofour::report {

std::string exact_number(double value) {
  return std::isfinite(value) ? fmt::format("{}", value) : std::string{};
}

std::string short_number(double value) {
  if (!std::isfinite(value) || value == 0) return fmt::format("{}", value);
  const int magnitude = static_cast<int>(std::floor(std::log10(std::abs(value))));
  return fmt::format("{:.{}f}", value, std::clamp(3 - magnitude, 0, 6));
}

std::string times(double ratio) {
  return std::isfinite(ratio) ? fmt::format("{:.3f}x", ratio) : fmt::format("{}", ratio);
}

std::string percent(double share) {
  if (!std::isfinite(share)) return fmt::format("{}", share);
  if (share >= 1) return fmt::format("{:.0f}%", share * 100);
  return share >= 0.99 ? "99%" : fmt::format("{:.2g}%", share * 100);
}

}  // namespace twofour::report
