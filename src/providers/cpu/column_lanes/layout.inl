// How the "column lanes" kernels pack A and B. A vector lane is a column of B, so an activation is
// broadcast to all lanes and multiplied with a word of each of 16 columns.
//
//   B   [panel of 16 columns]
//         nan columns   [16 columns] float32; only where Format::kNanColumns
//         k-steps       [K / 32]
//           indices     [16 columns] 32 bits, a nibble for each of eight groups of four k; 2:4 only
//           values      [kWords][16 columns][kDepth elements], as stored; words in pairs where
//                       Format::kInterleaved: [kWords / 2][16 columns][kDepth elements][2 words]
//   A   [row block][K / 32][row of the block][32 k], Elements
//
// K is padded with zeros to a multiple of 32, N to whole panels.

inline constexpr std::int64_t kColumns = 16;
inline constexpr std::int64_t kStepDepth = 32;  ///< k of a k-step
inline constexpr std::int64_t kIndexBytes = kColumns * 4;

/// k-steps that K takes.
inline std::int64_t steps(std::int64_t k) { return (k + kStepDepth - 1) / kStepDepth; }

template <class Format, Sparsity kSparsity>
struct Layout {
  using Stored = typename Format::Stored;
  using Element = typename Format::Element;
  static constexpr bool kDense = kSparsity == Sparsity::kDense;
  static constexpr std::int64_t kDepth = Format::kDepth;
  static constexpr std::int64_t kHeaderBytes = Format::kNanColumns ? kColumns * 4 : 0;
  static constexpr std::int64_t kWords = kStepDepth / kDepth / (kDense ? 1 : 2);  ///< of a k-step
  static constexpr std::int64_t kValues = kWords * kColumns * kDepth;
  static constexpr std::int64_t kStepIndexBytes = kDense ? 0 : kIndexBytes;
  static constexpr std::int64_t kStepBytes =
      kStepIndexBytes + kValues * static_cast<std::int64_t>(sizeof(Stored));
  /// Packed A of one row and k-step, and of one row and group of four k.
  static constexpr std::int64_t kRowBytes = kStepDepth * static_cast<std::int64_t>(sizeof(Element));
  static constexpr std::int64_t kGroupBytes = kRowBytes / (kStepDepth / 4);
  /// Packed A of one row from which the factor of one word comes: in dense the kDepth elements that
  /// it is multiplied with, in 2:4 those that the kept ones are selected from.
  static constexpr std::int64_t kWordActivationBytes = kRowBytes / kWords;

  static std::int64_t panel_bytes(std::int64_t k) { return kHeaderBytes + steps(k) * kStepBytes; }

  static std::size_t packed_b_bytes(std::int64_t n, std::int64_t k) {
    return static_cast<std::size_t>(block_count(n, kColumns) * panel_bytes(k));
  }

  static void pack_b(const PackBArgs& args) {
    for (std::int64_t p = args.panels.begin; p < args.panels.end; ++p) {
      std::byte* panel = args.packed_b + p * panel_bytes(args.k);
      __m128i nans = _mm_setzero_si128();
      for (std::int64_t step = 0; step < steps(args.k); ++step) {
        pack_step(args, p * kColumns, step * kStepDepth, panel + kHeaderBytes + step * kStepBytes,
                  nans);
      }
      if constexpr (Format::kNanColumns) {
        write_nan_columns<kColumns>(args, p * kColumns, _mm_testz_si128(nans, nans) == 0, panel);
      }
    }
  }

 private:
  static void pack_step(const PackBArgs& args, std::int64_t column, std::int64_t k, std::byte* to,
                        __m128i& nans) {
    alignas(32) Stored padded[kColumns][kStepDepth];
    alignas(32) Stored values[kColumns][kStepDepth / 2];
    const Stored* rows[kColumns];
    for (std::int64_t j = 0; j < kColumns; ++j) {
      rows[j] = slice_of<kStepDepth>(args, column + j, k, padded[j]);
    }
    if constexpr (kDense) {
      Transpose<Format, kStepDepth>::run(rows, to, nans);
    } else {
      const auto& nibbles = Format::kPairNibbles ? kTwoGroups.pairs : kTwoGroups.positions;
      for (std::int64_t j = 0; j < kColumns; ++j) {
        const auto indices = static_cast<std::uint32_t>(
            compress_slice<Format, kStepDepth>(rows[j], nibbles, values[j], nans));
        std::memcpy(to + 4 * j, &indices, sizeof(indices));
        rows[j] = values[j];
      }
      Transpose<Format, kStepDepth / 2>::run(rows, to + kStepIndexBytes, nans);
    }
  }
};

/// Pack A, in row blocks of at most kMaxRows.
template <class Format, int kMaxRows>
struct Activations {
  using Element = typename Format::Element;
  static std::size_t packed_a_bytes(std::int64_t m, std::int64_t k) {
    return static_cast<std::size_t>(m * steps(k) * kStepDepth) * sizeof(Element);
  }

  static void pack_a(const PackAArgs& args) {
    const auto* activations = static_cast<const typename Format::Stored*>(args.activations);
    const std::int64_t blocks = block_count(args.m, kMaxRows);
    for (std::int64_t block = args.tasks.begin; block < args.tasks.end; ++block) {
      const Range rows = rows_of_block(args.m, blocks, block);
      const std::int64_t count = rows.end - rows.begin;
      for (std::int64_t row = 0; row < count; ++row) {
        auto* to = reinterpret_cast<Element*>(args.packed_a) +
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
