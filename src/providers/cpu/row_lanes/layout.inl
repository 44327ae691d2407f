// How "row lanes" kernels lay 2:4 operands out. Vector lanes are rows of A, and a choice of activations is an
// address: for each group of four k a table holds, for each choice that a column can make of the group, a
// word of every row. With two elements in a word that is one of six pairs; with one element, one of four, twice.
//
// A panel is 64 columns with all of K:
//   starts   only where the format has them: a float32 for each column
//   blocks of 64 k (16 groups):
//     codes    8 bytes for each column, a nibble for each group: the number of its pair, or i0 | i1 << 2
//     values   32 for each column, in the order of k
//
// Activations: [row block][group of four k][4][rows of the block, padded to whole vectors].

inline constexpr std::int64_t kPanelColumns = 64;
inline constexpr std::int64_t kBlockGroups = 16;
inline constexpr std::int64_t kBlockDepth = 4 * kBlockGroups;  // k
inline constexpr int kMaxBlockRows = 64;

inline std::int64_t k_blocks(std::int64_t k) { return (k + kBlockDepth - 1) / kBlockDepth; }

/// Numbers of the pairs of a group, by i0 | i1 << 2.
inline constexpr std::array<KeptPair, 6> kPairOrder{{{0, 1}, {0, 2}, {0, 3}, {1, 2}, {1, 3}, {2, 3}}};
inline constexpr std::array<std::uint8_t, 16> kPairNumbers = [] {
  std::array<std::uint8_t, 16> numbers{};
  for (std::size_t i = 0; i < kPairOrder.size(); ++i) {
    const auto [first, second] = kPairOrder[i];
    numbers[static_cast<std::size_t>(first | second << 2)] = static_cast<std::uint8_t>(i);
  }
  return numbers;
}();

template <class Format>
struct RowLayout {
  using Stored = typename Format::Stored;
  using Element = typename Format::Element;
  static constexpr std::int64_t kValues = kBlockDepth / 2;  ///< kept, of a column and block
  static constexpr std::int64_t kValueBytes = kValues * static_cast<std::int64_t>(sizeof(Stored));
  static constexpr std::int64_t kCodeBytes = 8;
  static constexpr std::int64_t kBlockBytes = kPanelColumns * (kCodeBytes + kValueBytes);
  static constexpr std::int64_t kHeaderBytes = Format::kStarts ? kPanelColumns * 4 : 0;

  static std::int64_t panel_bytes(std::int64_t k) {
    return kHeaderBytes + k_blocks(k) * kBlockBytes;
  }

  static std::size_t packed_bytes(std::int64_t n, std::int64_t k) {
    return static_cast<std::size_t>(block_count(n, kPanelColumns) * panel_bytes(k));
  }

  static void pack(const PackArgs& args) {
    for (std::int64_t p = args.panels.begin; p < args.panels.end; ++p) {
      std::byte* panel = args.packed + p * panel_bytes(args.k);
      std::memset(panel, 0, static_cast<std::size_t>(panel_bytes(args.k)));
      for (std::int64_t j = 0; j < std::min(kPanelColumns, args.n - p * kPanelColumns); ++j) {
        pack_column(static_cast<const Stored*>(args.weights) + (p * kPanelColumns + j) * args.k,
                    args.k, j, panel);
      }
    }
  }

  static std::size_t converted_bytes(std::int64_t m, std::int64_t k) {
    const std::int64_t blocks = block_count(m, kMaxBlockRows);
    return static_cast<std::size_t>(blocks * converted_stride(m, k));
  }

  /// Bytes from row block to row block.
  static std::int64_t converted_stride(std::int64_t m, std::int64_t k) {
    const std::int64_t rows = round_up(std::min<std::int64_t>(m, kMaxBlockRows), 16);
    return k_blocks(k) * kBlockDepth * rows * static_cast<std::int64_t>(sizeof(Element));
  }

  /// `kLanes` rows are a vector.
  template <int kLanes>
  static void convert(const ConvertArgs& args) {
    const auto* activations = static_cast<const Stored*>(args.activations);
    const std::int64_t blocks = block_count(args.m, kMaxBlockRows);
    for (std::int64_t block = args.blocks.begin; block < args.blocks.end; ++block) {
      const Range rows = rows_of_block(args.m, blocks, block);
      const std::int64_t padded = round_up(rows.end - rows.begin, kLanes);
      std::byte* begin = args.converted + block * converted_stride(args.m, args.k);
      auto* to = reinterpret_cast<Element*>(begin);
      // A block of k at a time: its part of the result stays in the first-level cache.
      for (std::int64_t k = 0; k < k_blocks(args.k) * kBlockDepth; k += kBlockDepth) {
        const std::int64_t depth = std::min(kBlockDepth, args.k - k);
        if (depth < kBlockDepth || padded > rows.end - rows.begin) {
          std::fill_n(to, kBlockDepth * padded, Element{0});
        }
        for (std::int64_t row = rows.begin; row < rows.end; ++row) {
          const Stored* from = activations + row * args.k + k;
          Element* column = to + row - rows.begin;
          for (std::int64_t i = 0; i < depth; ++i) column[i * padded] = Format::activation(from[i]);
        }
        to += kBlockDepth * padded;
      }
    }
  }

 private:
  static void pack_column(const Stored* from, std::int64_t k, std::int64_t column,
                          std::byte* panel) {
    bool has_nan = false;
    for (std::int64_t block = 0; block < k_blocks(k); ++block, from += kBlockDepth) {
      std::byte* to = panel + kHeaderBytes + block * kBlockBytes;
      auto* values = reinterpret_cast<Stored*>(to + kPanelColumns * kCodeBytes +
                                               column * kValueBytes);
      const std::int64_t groups = std::min(kBlockDepth, k - block * kBlockDepth) / 4;
      std::uint64_t codes = 0;
      for (std::int64_t g = 0; g < groups; ++g) {
        const std::uint32_t nibble =
            compress_group(from + 4 * g, [&](int i, Stored code) {
              if constexpr (Format::kStarts) {
                if ((code & 0x7FU) == 0x7FU) has_nan = true, code = 0;
              }
              values[2 * g + i] = code;
            });
        codes |= std::uint64_t{Format::kDepth == 2 ? kPairNumbers[nibble] : nibble} << 4 * g;
      }
      std::memcpy(to + column * kCodeBytes, &codes, sizeof(codes));
    }
    if constexpr (Format::kStarts) {
      const float start = has_nan ? std::numeric_limits<float>::quiet_NaN() : 0.0F;
      std::memcpy(panel + 4 * column, &start, sizeof(start));
    }
  }
};
