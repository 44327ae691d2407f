// How "column lanes" kernels lay operands out. Vector lanes are columns of B. A panel is 16 columns with all
// of K; it holds steps of 32 k:
//
//   starts    only where the format has them: a float32 for each column
//   steps     2:4: indices, a 32-bit word for each column: the nibbles i0 | i1 << 2 of the step's eight groups
//             values, word after word: for each column the kDepth elements of one product
//
// Activations: [row block][step][row of the block][32 k].

inline constexpr std::int64_t kColumns = 16;
inline constexpr std::int64_t kStepDepth = 32;  // k
inline constexpr std::int64_t kIndexBytes = kColumns * 4;

inline std::int64_t steps(std::int64_t k) { return (k + kStepDepth - 1) / kStepDepth; }

/// Hands the two kept of four to put(0 or 1, code) and returns i0 | i1 << 2. The sign bit alone is -0.0, a
/// zero, except in int8.
template <class Stored, class Put>
inline std::uint32_t compress_group(const Stored* group, Put&& put) {
  constexpr unsigned kSign = std::is_signed_v<Stored> ? 0U : 1U << (8 * sizeof(Stored) - 1);
  constexpr auto kMagnitude = static_cast<Stored>(~kSign);
  unsigned mask = 0;
  for (unsigned i = 0; i < 4; ++i) {
    mask |= static_cast<unsigned>((group[i] & kMagnitude) != 0) << i;
  }
  const auto [first, second] = kKeptPairs[mask];
  put(0, group[first]);
  put(1, group[second]);
  return first | static_cast<std::uint32_t>(second) << 2U;
}

template <class Format, Sparsity kSparsity>
struct Layout {
  using Stored = typename Format::Stored;
  using Element = typename Format::Element;
  static constexpr bool kDense = kSparsity == Sparsity::kDense;
  static constexpr std::int64_t kDepth = Format::kDepth;
  static constexpr std::int64_t kHeaderBytes = Format::kStarts ? kColumns * 4 : 0;
  static constexpr std::int64_t kWords = kStepDepth / kDepth / (kDense ? 1 : 2);  ///< of a step
  static constexpr std::int64_t kValues = kWords * kColumns * kDepth;
  static constexpr std::int64_t kStepIndexBytes = kDense ? 0 : kIndexBytes;
  static constexpr std::int64_t kStepBytes =
      kStepIndexBytes + kValues * static_cast<std::int64_t>(sizeof(Stored));
  /// Converted activations of one row and step.
  static constexpr std::int64_t kRowBytes =
      kStepDepth * static_cast<std::int64_t>(sizeof(Element));
  static constexpr std::int64_t kGroupBytes = kRowBytes / (kStepDepth / 4);
  /// Activations that a word meets, or that it is a choice of.
  static constexpr std::int64_t kWordActivationBytes = kRowBytes / kWords;

  static std::int64_t panel_bytes(std::int64_t k) { return kHeaderBytes + steps(k) * kStepBytes; }

  static std::size_t packed_bytes(std::int64_t n, std::int64_t k) {
    return static_cast<std::size_t>(block_count(n, kColumns) * panel_bytes(k));
  }

  static void pack(const PackArgs& args) {
    for (std::int64_t p = args.panels.begin; p < args.panels.end; ++p) {
      std::byte* panel = args.packed + p * panel_bytes(args.k);
      std::memset(panel, 0, static_cast<std::size_t>(panel_bytes(args.k)));
      for (std::int64_t j = 0; j < std::min(kColumns, args.n - p * kColumns); ++j) {
        pack_column(static_cast<const Stored*>(args.weights) + (p * kColumns + j) * args.k, args.k,
                    j, panel);
      }
    }
  }

 private:
  static void pack_column(const Stored* from, std::int64_t k, std::int64_t column,
                          std::byte* panel) {
    bool has_nan = false;
    for (std::int64_t step = 0; step < steps(k); ++step, from += kStepDepth) {
      std::byte* to = panel + kHeaderBytes + step * kStepBytes;
      auto* values = reinterpret_cast<Stored*>(to + kStepIndexBytes);
      const std::int64_t depth = std::min(kStepDepth, k - step * kStepDepth);
      const auto put = [&](std::int64_t i, Stored code) {
        if constexpr (Format::kStarts) {
          if ((code & 0x7FU) == 0x7FU) has_nan = true, code = 0;
        }
        values[position(i / kDepth, column, i % kDepth)] = code;
      };
      if constexpr (kDense) {
        for (std::int64_t i = 0; i < depth; ++i) put(i, from[i]);
      } else {
        std::uint32_t codes = 0;
        for (std::int64_t g = 0; g < depth / 4; ++g) {
          codes |= compress_group(from + 4 * g, [&](int i, Stored code) { put(2 * g + i, code); })
                   << 4 * g;
        }
        std::memcpy(to + 4 * column, &codes, sizeof(codes));
      }
    }
    if constexpr (Format::kStarts) {
      const float start = has_nan ? std::numeric_limits<float>::quiet_NaN() : 0.0F;
      std::memcpy(panel + 4 * column, &start, sizeof(start));
    }
  }

  static constexpr std::int64_t position(std::int64_t word, std::int64_t column, std::int64_t i) {
    if constexpr (Format::kInterleaved) {
      return (word / 2 * kColumns + column) * kDepth * 2 + i * 2 + word % 2;
    } else {
      return (word * kColumns + column) * kDepth + i;
    }
  }
};

/// Activations of row blocks of at most kMaxRows.
template <class Format, int kMaxRows>
struct Activations {
  using Element = typename Format::Element;
  static std::size_t converted_bytes(std::int64_t m, std::int64_t k) {
    return static_cast<std::size_t>(m * steps(k) * kStepDepth) * sizeof(Element);
  }

  static void convert(const ConvertArgs& args) {
    const auto* activations = static_cast<const typename Format::Stored*>(args.activations);
    const std::int64_t blocks = block_count(args.m, kMaxRows);
    for (std::int64_t block = args.blocks.begin; block < args.blocks.end; ++block) {
      const Range rows = rows_of_block(args.m, blocks, block);
      const std::int64_t count = rows.end - rows.begin;
      for (std::int64_t row = 0; row < count; ++row) {
        auto* to = reinterpret_cast<Element*>(args.converted) +
                   rows.begin * steps(args.k) * kStepDepth + row * kStepDepth;
        const auto* from = activations + (rows.begin + row) * args.k;
        std::int64_t k = 0;
        for (; k + kStepDepth <= args.k; k += kStepDepth, to += count * kStepDepth) {
          for (std::int64_t i = 0; i < kStepDepth; ++i) to[i] = Format::activation(from[k + i]);
        }
        if (k == args.k) continue;
        std::fill_n(to, kStepDepth, Element{0});
        for (std::int64_t i = 0; k + i < args.k; ++i) to[i] = Format::activation(from[k + i]);
      }
    }
  }
};
