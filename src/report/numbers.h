// Numbers as text.
#pragma once

#include <cstdint>
#include <string>

namespace twofour::report {

/// All digits, so that reading it gives the same number; empty when not finite.
std::string exact_number(double value);

/// Four significant digits without an exponent, at most six decimals: "0.001235", "12.35",
/// "123457"; "nan" or "inf" when not finite.
std::string short_number(double value);

/// "1.312x"; "nan" or "inf" when not finite.
std::string times(double ratio);

/// "100%", "12%", "0.15%"; less than everything never shows as 100%.
std::string percent(double share);

}  // namespace twofour::report
