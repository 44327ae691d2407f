// The operand types as the portable kernels see them.
#pragma once

#include <cstdint>
#include <type_traits>

#include "operands/fill.h"

namespace twofour::providers::cpu::portable {

/// One type: how it is stored (Stored), and what products are computed from (Value) and accumulated
/// in (Accumulator).
template <DataType kType>
struct Format {
  using Codec = operands::Format<kType>;
  using Stored = typename Codec::Code;
  using Value = std::conditional_t<is_integer(kType), std::int8_t, float>;
  using Accumulator = std::conditional_t<is_integer(kType), std::int32_t, float>;
  static Value value(Stored stored) {
    if constexpr (is_integer(kType)) {
      return static_cast<Value>(stored);
    } else {
      return Codec::decode(stored);
    }
  }
  /// -0.0 counts as zero.
  static bool is_zero(Stored stored) { return Codec::magnitude(stored) == 0; }
};

}  // namespace twofour::providers::cpu::portable
