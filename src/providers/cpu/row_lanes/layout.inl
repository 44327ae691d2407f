// How the "row lanes" kernels (kernel.inl) pack A and B.
//
//   B   [panel of 64 columns]
//         nan columns   [64 columns] float32; only where Format::kNanColumns
//         blocks of k   [K / 64]
//           codes       [64 columns] 64 bits, a nibble for each of the 16 groups: the number of its
//                       pair (kDepth 2) or i0 | i1 << 2 (kDepth 1)
//           values      [64 columns][32 kept values in the order of k], as stored
//   A   [row block][K / 4 groups][4][rows of the block, padded to whole vectors], Elements; if the
//       block has an odd row, [K] of that row follow
//
// K is padded with zeros to a multiple of 64.

inline constexpr std::int64_t kPanelColumns = 64;
inline constexpr std::int64_t kBlockGroups = 16;
inline constexpr std::int64_t kBlockDepth = 4 * kBlockGroups;  ///< k of a block of k

/// Rows of one row block.
struct BlockRows {
  std::int64_t begin;
  std::int64_t count;
  int vectors;  ///< of rows, the odd row not counted
  bool odd;     ///< the last row is one more than the vectors hold, see kernel.inl
};

/// How rows are cut into row blocks of whole vectors. Blocks have kRows rows, the size that suits
/// the first-level cache, but up to kSpare rows more are spread over the blocks rather than make
/// one more block. An odd row belongs to the last block.
template <int kRows, int kSpare, int kLanes>
struct RowBlocks {
  static constexpr int kMaxRows = kRows + kSpare;  ///< of a row block
  static_assert(kRows % kLanes == 0 && kSpare % kLanes == 0);

  static std::int64_t count(std::int64_t m) { return block_count(m, kRows, kSpare); }
  /// Beside a single whole vector of rows, an odd row saves less than its shuffles cost.
  static bool has_odd(std::int64_t m) { return m > 2 * kLanes && m % kLanes == 1; }
  static BlockRows rows(std::int64_t m, std::int64_t block) {
    const Range vectors = rows_of_block(vector_count(m), count(m), block);
    const bool last = block + 1 == count(m);
    const std::int64_t end = last ? m : vectors.end * kLanes;
    return {.begin = vectors.begin * kLanes,
            .count = end - vectors.begin * kLanes,
            .vectors = static_cast<int>(vectors.end - vectors.begin),
            .odd = last && has_odd(m)};
  }
  /// Vectors of rows of the largest row block.
  static int max_vectors(std::int64_t m) {
    return static_cast<int>((vector_count(m) + count(m) - 1) / count(m));
  }
  /// Rows of the largest row block, with those that pad its last vector and the odd one.
  static std::int64_t max_rows(std::int64_t m) {
    return max_vectors(m) * kLanes + (has_odd(m) ? 1 : 0);
  }

 private:
  static std::int64_t vector_count(std::int64_t m) {
    return has_odd(m) ? m / kLanes : block_count(m, kLanes);
  }
};

inline std::int64_t k_blocks(std::int64_t k) { return (k + kBlockDepth - 1) / kBlockDepth; }

template <class Format, class Blocks>
struct RowLayout {
  using Stored = typename Format::Stored;
  using Element = typename Format::Element;
  static constexpr std::int64_t kValues =
      kBlockDepth / 2;  ///< kept values of a column in a block of k
  static constexpr std::int64_t kValueBytes = kValues * static_cast<std::int64_t>(sizeof(Stored));
  static constexpr std::int64_t kCodeBytes = 8;
  static constexpr std::int64_t kBlockBytes = kPanelColumns * (kCodeBytes + kValueBytes);
  static constexpr std::int64_t kHeaderBytes = Format::kNanColumns ? kPanelColumns * 4 : 0;

  static std::int64_t panel_bytes(std::int64_t k) {
    return kHeaderBytes + k_blocks(k) * kBlockBytes;
  }

  static std::size_t packed_b_bytes(std::int64_t n, std::int64_t k) {
    return static_cast<std::size_t>(block_count(n, kPanelColumns) * panel_bytes(k));
  }

  static void pack_b(const PackBArgs& args) {
    for (std::int64_t p = args.panels.begin; p < args.panels.end; ++p) {
      std::byte* panel = args.packed_b + p * panel_bytes(args.k);
      __m128i nans = _mm_setzero_si128();
      for (std::int64_t block = 0; block < k_blocks(args.k); ++block) {
        pack_block(args, p * kPanelColumns, block * kBlockDepth,
                   panel + kHeaderBytes + block * kBlockBytes, nans);
      }
      if constexpr (Format::kNanColumns) {
        write_nan_columns<kPanelColumns>(args, p * kPanelColumns, _mm_testz_si128(nans, nans) == 0,
                                         panel);
      }
    }
  }

  static std::size_t packed_a_bytes(std::int64_t m, std::int64_t k) {
    return static_cast<std::size_t>(Blocks::count(m) * packed_a_stride(m, k));
  }

  /// Bytes from row block to row block in packed A.
  static std::int64_t packed_a_stride(std::int64_t m, std::int64_t k) {
    return k_blocks(k) * kBlockDepth * Blocks::max_rows(m) *
           static_cast<std::int64_t>(sizeof(Element));
  }

  /// Pack A. A vector is `kLanes` rows.
  template <int kLanes>
  static void pack_a(const PackAArgs& args) {
    const auto* activations = static_cast<const Stored*>(args.activations);
    for (std::int64_t block = args.tasks.begin; block < args.tasks.end; ++block) {
      const BlockRows rows = Blocks::rows(args.m, block);
      const std::int64_t padded = std::int64_t{rows.vectors} * kLanes;
      const std::int64_t in_vectors = rows.count - (rows.odd ? 1 : 0);
      std::byte* begin = args.packed_a + block * packed_a_stride(args.m, args.k);
      auto* to = reinterpret_cast<Element*>(begin);
      // A block of k at a time, whose packed part stays in the first-level cache while its rows are
      // scattered into it.
      for (std::int64_t k = 0; k < k_blocks(args.k) * kBlockDepth; k += kBlockDepth) {
        const std::int64_t depth = std::min(kBlockDepth, args.k - k);
        if (depth < kBlockDepth || padded > in_vectors) {
          std::fill_n(to, kBlockDepth * padded, Element{0});
        }
        for (std::int64_t row = 0; row < in_vectors; ++row) {
          const Stored* from = activations + (rows.begin + row) * args.k + k;
          for (std::int64_t i = 0; i < depth; ++i)
            to[i * padded + row] = Format::activation(from[i]);
        }
        to += kBlockDepth * padded;
      }
      if (rows.odd) {
        const Stored* from = activations + (args.m - 1) * args.k;
        for (std::int64_t i = 0; i < args.k; ++i) to[i] = Format::activation(from[i]);
        std::fill(to + args.k, to + k_blocks(args.k) * kBlockDepth, Element{0});
      }
    }
  }

 private:
  static void pack_block(const PackBArgs& args, std::int64_t column, std::int64_t k, std::byte* to,
                         __m128i& nans) {
    const auto& nibbles = Format::kDepth == 2 ? kTwoGroups.pairs : kTwoGroups.positions;
    std::byte* values = to + kPanelColumns * kCodeBytes;
    alignas(32) Stored padded[kBlockDepth];
    for (std::int64_t j = 0; j < kPanelColumns; ++j) {
      const Stored* row = slice_of<kBlockDepth>(args, column + j, k, padded);
      const std::uint64_t codes =
          compress_slice<Format, kBlockDepth>(row, nibbles, values + j * kValueBytes, nans);
      std::memcpy(to + j * kCodeBytes, &codes, sizeof(codes));
    }
  }
};
