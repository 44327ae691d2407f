// The storage types as the column-lanes kernels see them: Stored, and what decode() makes of it, a
// bfloat16 code (products of pairs) or a float (products of single values). All of it is exact.

struct Bf16Code {
  using Stored = std::uint16_t;
  static std::uint16_t decode(Stored code) { return code; }
};

/// Every e4m3 value is a bfloat16 value.
struct Fp8AsBf16 {
  using Stored = std::uint8_t;
  static std::uint16_t decode(Stored code) {
    return static_cast<std::uint16_t>(operands::float_bits(operands::fp8_to_float(code)) >> 16U);
  }
};

struct Bf16AsFloat {
  using Stored = std::uint16_t;
  static float decode(Stored code) { return operands::bf16_to_float(code); }
};

struct Fp16AsFloat {
  using Stored = std::uint16_t;
  static float decode(Stored code) { return operands::fp16_to_float(code); }
};

struct Fp8AsFloat {
  using Stored = std::uint8_t;
  static float decode(Stored code) { return operands::fp8_to_float(code); }
};
