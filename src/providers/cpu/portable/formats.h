// The operand types as the portable kernels see them.
#pragma once

#include <cstdint>

#include "core/data_type.h"
#include "operands/number_formats.h"

namespace twofour::providers::cpu::portable {

/// One type: how it is stored (Stored), what products are computed from (Value) and accumulated in
/// (Accumulator), and whether a stored value counts as zero (-0.0 does).
template <DataType>
struct Format;

template <>
struct Format<DataType::kInt8> {
  using Stored = std::int8_t;
  using Value = std::int8_t;
  using Accumulator = std::int32_t;
  static Value value(Stored stored) { return stored; }
  static bool is_zero(Stored stored) { return stored == 0; }
};

template <>
struct Format<DataType::kFp8E4m3> {
  using Stored = std::uint8_t;
  using Value = float;
  using Accumulator = float;
  static Value value(Stored stored) { return operands::fp8_to_float(stored); }
  static bool is_zero(Stored stored) { return (stored & 0x7Fu) == 0; }
};

template <>
struct Format<DataType::kBf16> {
  using Stored = std::uint16_t;
  using Value = float;
  using Accumulator = float;
  static Value value(Stored stored) { return operands::bf16_to_float(stored); }
  static bool is_zero(Stored stored) { return (stored & 0x7FFFu) == 0; }
};

template <>
struct Format<DataType::kFp16> {
  using Stored = std::uint16_t;
  using Value = float;
  using Accumulator = float;
  static Value value(Stored stored) { return operands::fp16_to_float(stored); }
  static bool is_zero(Stored stored) { return (stored & 0x7FFFu) == 0; }
};

}  // namespace twofour::providers::cpu::portable
