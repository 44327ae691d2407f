// Number formats as the column-lanes and row-lanes kernels see them. The vector code multiplies
// 32-bit words; a word holds kDepth elements of consecutive k, and one product instruction takes
// one word of A and one of B in each lane:
//
//   kDepth 1   one float32                         fp16; bf16 and fp8 without BF16 instructions
//   kDepth 2   two bfloat16, of k and k + 1        VDPBF16PS
//              or two int16, of k and k + 1        VPMADDWD
//
// Packed B keeps weights in the storage type Stored; the kernel widens them to words in registers.
// Pack A converts activations to Element. Both are exact.
//
//   activation(code)   the Element of a stored activation
//   kInterleaved       packed words come in pairs: a field of twice the size has an element of the
//                      first word in its low half and one of the second word in its high half, so
//                      that a shift or a mask separates them
//   kPairNibbles       2:4: the nibble of a group is the number of its pair of positions, 0 .. 5
//                      as in kPairOrder; otherwise it is the two positions, i0 | i1 << 2
//   kNanColumns        a packed panel begins with a float32 for each column that is added to its
//                      accumulators: NaN if a weight of the column is NaN, else 0. The packed codes
//                      have no NaN, because the cheap conversion to words gives a number for its
//                      code.

/// bfloat16 in pairs.
struct Bf16Pairs {
  using Stored = std::uint16_t;
  using Element = std::uint16_t;
  static constexpr int kDepth = 2;
  static constexpr bool kInterleaved = false;
  static constexpr bool kPairNibbles = false;
  static constexpr bool kNanColumns = false;
  static Element activation(Stored code) { return code; }
};

/// fp8 e4m3 as pairs of bfloat16. Widened weights are 2^-8 of their value, which saves an
/// instruction; activations are scaled by 2^8 in return. Both are exact.
struct Fp8Pairs {
  using Stored = std::uint8_t;
  using Element = std::uint16_t;
  static constexpr int kDepth = 2;
  static constexpr bool kInterleaved = true;
  static constexpr bool kPairNibbles = false;
  static constexpr bool kNanColumns = true;
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

/// bfloat16 as float32, one to a word.
struct Bf16Singles {
  using Stored = std::uint16_t;
  using Element = float;
  static constexpr int kDepth = 1;
  static constexpr bool kInterleaved = true;
  static constexpr bool kPairNibbles = false;
  static constexpr bool kNanColumns = false;
  static Element activation(Stored code) { return operands::bf16_to_float(code); }
};

/// fp16 as float32.
struct Fp16Singles {
  using Stored = std::uint16_t;
  using Element = float;
  static constexpr int kDepth = 1;
  static constexpr bool kInterleaved = false;
  static constexpr bool kPairNibbles = false;
  static constexpr bool kNanColumns = false;
  static Element activation(Stored code) { return operands::fp16_to_float(code); }
};

/// fp8 e4m3 as float32, weights 2^-8 of their value as in Fp8Pairs.
struct Fp8Singles {
  using Stored = std::uint8_t;
  using Element = float;
  static constexpr int kDepth = 1;
  static constexpr bool kInterleaved = true;
  static constexpr bool kPairNibbles = false;
  static constexpr bool kNanColumns = true;
  static Element activation(Stored code) { return operands::fp8_to_float(code) * 256.0F; }
};

/// int8 as pairs of int16.
struct Int8Pairs {
  using Stored = std::int8_t;
  using Element = std::int16_t;
  static constexpr int kDepth = 2;
  static constexpr bool kInterleaved = false;
  static constexpr bool kPairNibbles = true;
  static constexpr bool kNanColumns = false;
  static Element activation(Stored code) { return code; }
};
