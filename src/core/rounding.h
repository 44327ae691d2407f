// Division and rounding upwards. Always inlined: objects for different instruction sets use these,
// and of two compiled copies the linker might keep the one that this machine cannot run.
#pragma once

#include <concepts>
#include <type_traits>

namespace twofour {

/// The least whole number of parts of size `part` > 0 that hold `size` >= 0.
template <std::integral T>
[[gnu::always_inline]] constexpr T ceil_div(T size, std::type_identity_t<T> part) {
  return (size + part - 1) / part;
}

/// `size` >= 0 rounded up to a multiple of `multiple` > 0.
template <std::integral T>
[[gnu::always_inline]] constexpr T round_up(T size, std::type_identity_t<T> multiple) {
  return ceil_div(size, multiple) * multiple;
}

}  // namespace twofour
