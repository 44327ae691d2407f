// The storage types as the column-lanes kernels see them: Stored, and what activations and weights
// become of it: elements of 32-bit words, kDepth in each, that a product takes. All of it is exact.
//
//   activation(code)   the element that a row is made of
//   kInterleaved       words of packed weights lie in pairs, element by element: the first in the
//                      low half of a field twice as wide, the second in its high half
//   kNumbers           a group's nibble in 2:4 is the number of its pair rather than the two
//                      positions
//   kStarts            a panel begins with what its sums start from: NaN for a column with a NaN
//                      among its weights, which the packed code cannot express

/// Products of pairs of bfloat16.
struct Bf16Pairs {
  using Stored = std::uint16_t;
  using Element = std::uint16_t;
  static constexpr int kDepth = 2;
  static constexpr bool kInterleaved = false;
  static constexpr bool kNumbers = false;
  static constexpr bool kStarts = false;
  static Element activation(Stored code) { return code; }
};

/// e4m3 as pairs of bfloat16. Weights come out as 2^-8 of their value, which saves an instruction;
/// activations make up for it.
struct Fp8Pairs {
  using Stored = std::uint8_t;
  using Element = std::uint16_t;
  static constexpr int kDepth = 2;
  static constexpr bool kInterleaved = true;
  static constexpr bool kNumbers = false;
  static constexpr bool kStarts = true;
  static Element activation(Stored code) {
    static constexpr auto kCodes = [] {
      std::array<Element, 256> codes{};
      for (unsigned i = 0; i < 256; ++i) {
        const float value = operands::fp8_to_float(static_cast<Stored>(i));
        // The codes of NaN stay as they are: arithmetic on them is no constant expression.
        const float scaled = (i & 127U) == 127U ? value : value * 256.0F;
        codes[i] = static_cast<Element>(operands::float_bits(scaled) >> 16U);
      }
      return codes;
    }();
    return kCodes[code];
  }
};

/// Products of single float32.
struct Bf16Singles {
  using Stored = std::uint16_t;
  using Element = float;
  static constexpr int kDepth = 1;
  static constexpr bool kInterleaved = true;
  static constexpr bool kNumbers = false;
  static constexpr bool kStarts = false;
  static Element activation(Stored code) { return operands::bf16_to_float(code); }
};

struct Fp16Singles {
  using Stored = std::uint16_t;
  using Element = float;
  static constexpr int kDepth = 1;
  static constexpr bool kInterleaved = false;
  static constexpr bool kNumbers = false;
  static constexpr bool kStarts = false;
  static Element activation(Stored code) { return operands::fp16_to_float(code); }
};

/// e4m3 as float32, weights 2^-8 of their value as in Fp8Pairs.
struct Fp8Singles {
  using Stored = std::uint8_t;
  using Element = float;
  static constexpr int kDepth = 1;
  static constexpr bool kInterleaved = true;
  static constexpr bool kNumbers = false;
  static constexpr bool kStarts = true;
  static Element activation(Stored code) { return operands::fp8_to_float(code) * 256.0F; }
};

/// int8 as pairs of int16.
struct Int8Pairs {
  using Stored = std::int8_t;
  using Element = std::int16_t;
  static constexpr int kDepth = 2;
  static constexpr bool kInterleaved = false;
  static constexpr bool kNumbers = true;
  static constexpr bool kStarts = false;
  static Element activation(Stored code) { return code; }
};
