// How "column lanes" kernels lay operands out. Vector lanes are columns of B. A panel is 16 columns
// with all of K; it holds steps of 32 k:
//
//   starts    only where the format has them: a float32 for each column
//   steps     2:4: indices, a 32-bit word for each column: a nibble for each of the step's eight
//             groups
//             values, word after word: for each column the kDepth elements of one product
//
// Activations: [row block][step][row of the block][32 k].

inline constexpr std::int64_t kColumns = 16;
inline constexpr std::int64_t kStepDepth = 32;  // k
inline constexpr std::int64_t kIndexBytes = kColumns * 4;

inline std::int64_t steps(std::int64_t k) { return (k + kStepDepth - 1) / kStepDepth; }

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
  static constexpr std::int64_t kRowBytes = kStepDepth * static_cast<std::int64_t>(sizeof(Element));
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
      __m128i nans = _mm_setzero_si128();
      for (std::int64_t step = 0; step < steps(args.k); ++step) {
        pack_step(args, p * kColumns, step * kStepDepth, panel + kHeaderBytes + step * kStepBytes,
                  nans);
      }
      if constexpr (Format::kStarts) {
        write_starts<kColumns>(args, p * kColumns, _mm_testz_si128(nans, nans) == 0, panel);
      }
    }
  }

 private:
  static void pack_step(const PackArgs& args, std::int64_t column, std::int64_t k, std::byte* to,
                        __m128i& nans) {
    alignas(32) Stored padded[kColumns][kStepDepth];
    alignas(32) Stored values[kColumns][kStepDepth / 2];
    const Stored* rows[kColumns];
    for (std::int64_t j = 0; j < kColumns; ++j) {
      rows[j] = stretch_of<kStepDepth>(args, column + j, k, padded[j]);
    }
    if constexpr (kDense) {
      Turn<Format, kStepDepth>::run(rows, to, nans);
    } else {
      const auto& numbers = Format::kNumbers ? kTwoGroups.pairs : kTwoGroups.positions;
      for (std::int64_t j = 0; j < kColumns; ++j) {
        const auto indices = static_cast<std::uint32_t>(
            compress_stretch<Format, kStepDepth>(rows[j], numbers, values[j], nans));
        std::memcpy(to + 4 * j, &indices, sizeof(indices));
        rows[j] = values[j];
      }
      Turn<Format, kStepDepth / 2>::run(rows, to + kStepIndexBytes, nans);
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
    for (std::int64_t block = args.units.begin; block < args.units.end; ++block) {
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
