// Pack B: compresses 2:4 rows of B and transposes them, so that the same k of all columns of a
// panel lie side by side. B comes as [n][k]: a column of B is a contiguous row in memory, taken
// sixteen bytes at a time. Vectors of 256 bits are used with AVX-512 too, because memory is the
// limit.

/// How two neighbouring groups of four are compressed. Each table is indexed by the eight-bit mask
/// of their non-zeros (bit i: value i is not zero).
struct TwoGroupTables {
  std::array<std::uint8_t, 256> positions;  ///< a nibble for each group: i0 | i1 << 2
  std::array<std::uint8_t, 256> pairs;      ///< a nibble for each group: kPairNumbers
  std::array<std::uint32_t, 256>
      byte_order;  ///< PSHUFB control that gathers the kept four of eight bytes
  std::array<std::uint64_t, 256>
      short_order;  ///< the same for the kept four of eight 16-bit values
};

/// The six pairs of positions that a 2:4 group can keep, and their numbers by i0 | i1 << 2.
inline constexpr std::array<GroupPositions, 6> kPairOrder{
    {{0, 1}, {0, 2}, {0, 3}, {1, 2}, {1, 3}, {2, 3}}};
inline constexpr std::array<std::uint8_t, 16> kPairNumbers = [] {
  std::array<std::uint8_t, 16> numbers{};
  for (std::size_t i = 0; i < kPairOrder.size(); ++i) {
    const auto [first, second] = kPairOrder[i];
    numbers[static_cast<std::size_t>(first | second << 2)] = static_cast<std::uint8_t>(i);
  }
  return numbers;
}();

inline constexpr TwoGroupTables kTwoGroups = [] {
  TwoGroupTables tables{};
  for (std::size_t mask = 0; mask < 256; ++mask) {
    for (unsigned group = 0; group < 2; ++group) {
      const auto [first, second] = kKeptPairs[mask >> 4 * group & 15U];
      const auto nibble = static_cast<unsigned>(first | second << 2);
      tables.positions[mask] =
          static_cast<std::uint8_t>(tables.positions[mask] | nibble << 4 * group);
      tables.pairs[mask] =
          static_cast<std::uint8_t>(tables.pairs[mask] | kPairNumbers[nibble] << 4 * group);
      for (unsigned i = 0; i < 2; ++i) {
        const unsigned from = 4 * group + (i == 0 ? first : second);
        const unsigned to = 2 * group + i;
        tables.byte_order[mask] |= from << 8 * to;
        tables.short_order[mask] |= std::uint64_t{2 * from | (2 * from + 1) << 8} << 16 * to;
      }
    }
  }
  return tables;
}();

/// Sixteen bytes of a row of weights of one format.
template <class Format>
struct SixteenBytes {
  using Stored = typename Format::Stored;
  static constexpr bool kBytes = sizeof(Stored) == 1;
  static constexpr std::int64_t kCount = 16 / static_cast<std::int64_t>(sizeof(Stored));
  static constexpr int kCodeBits = static_cast<int>(kCount);  ///< four for each group

  [[gnu::always_inline]] static __m128i load(const Stored* from) {
    return _mm_loadu_si128(reinterpret_cast<const __m128i*>(from));
  }

  /// Replaces NaN by zero where Format::kNanColumns; `nans` becomes non-zero if there was one.
  [[gnu::always_inline]] static __m128i clean(__m128i codes, __m128i& nans) {
    if constexpr (!Format::kNanColumns) return codes;
    const __m128i magnitude = _mm_set1_epi8(0x7F);
    const __m128i nan = _mm_cmpeq_epi8(_mm_and_si128(codes, magnitude), magnitude);
    nans = _mm_or_si128(nans, nan);
    return _mm_andnot_si128(nan, codes);
  }

  /// Mask with bit i set if value i is not zero. A sign bit alone is -0.0, which is zero, except in
  /// int8.
  [[gnu::always_inline]] static unsigned non_zeros(__m128i codes) {
    const __m128i zero = _mm_setzero_si128();
    if constexpr (std::is_signed_v<Stored>) {
      return ~static_cast<unsigned>(_mm_movemask_epi8(_mm_cmpeq_epi8(codes, zero)));
    } else if constexpr (kBytes) {
      const __m128i magnitudes = _mm_and_si128(codes, _mm_set1_epi8(0x7F));
      return ~static_cast<unsigned>(_mm_movemask_epi8(_mm_cmpeq_epi8(magnitudes, zero)));
    } else {
      const __m128i zeros = _mm_cmpeq_epi16(_mm_slli_epi16(codes, 1), zero);
      return ~static_cast<unsigned>(_mm_movemask_epi8(_mm_packs_epi16(zeros, zero)));
    }
  }

  /// Writes the kept half, eight bytes, to `values` and returns a nibble for each group. `nibbles`
  /// is TwoGroupTables::positions or pairs.
  [[gnu::always_inline]] static std::uint64_t compress(__m128i codes,
                                                       const std::array<std::uint8_t, 256>& nibbles,
                                                       void* values, __m128i& nans) {
    const unsigned mask = non_zeros(codes);
    std::uint64_t order;
    std::uint64_t result = nibbles[mask & 255U];
    if constexpr (kBytes) {
      const unsigned second = mask >> 8 & 255U;
      order = std::uint64_t{kTwoGroups.byte_order[mask & 255U]} |
              std::uint64_t{kTwoGroups.byte_order[second] + 0x08080808U} << 32U;
      result |= std::uint64_t{nibbles[second]} << 8U;
    } else {
      order = kTwoGroups.short_order[mask & 255U];
    }
    const __m128i kept =
        _mm_shuffle_epi8(clean(codes, nans), _mm_cvtsi64_si128(static_cast<long long>(order)));
    _mm_storel_epi64(static_cast<__m128i*>(values), kept);
    return result;
  }
};

/// Compresses kSlice weights of a row into half as many values; returns a nibble for each group,
/// the first group's lowest.
template <class Format, std::int64_t kSlice>
[[gnu::always_inline]] inline std::uint64_t compress_slice(
    const typename Format::Stored* from, const std::array<std::uint8_t, 256>& nibbles, void* values,
    __m128i& nans) {
  using S = SixteenBytes<Format>;
  std::uint64_t codes = 0;
  TWOFOUR_UNROLL for (int i = 0; i < kSlice / S::kCount; ++i) {
    codes |= S::compress(S::load(from + i * S::kCount), nibbles,
                         static_cast<std::byte*>(values) + 8 * i, nans)
             << i * S::kCodeBits;
  }
  return codes;
}

/// Prefetch distance of packing, in each row of weights.
inline constexpr std::int64_t kPackAheadBytes = 256;

/// Weights [k, k + kSlice) of a column of B. Where that reaches beyond N or K the result is
/// `padded`, filled up with zeros.
template <std::int64_t kSlice, class Stored>
[[gnu::always_inline]] inline const Stored* slice_of(const PackBArgs& args, std::int64_t column,
                                                     std::int64_t k, Stored* padded) {
  const Stored* row = static_cast<const Stored*>(args.weights) + column * args.k + k;
  if (column < args.n && k + kSlice <= args.k) {
    // Each row is a stream of its own, and there are more of them than the hardware prefetcher
    // follows.
    _mm_prefetch(reinterpret_cast<const char*>(row) + kPackAheadBytes, _MM_HINT_T0);
    return row;
  }
  std::fill_n(padded, kSlice, Stored{0});
  if (column < args.n) std::copy_n(row, args.k - k, padded);
  return padded;
}

/// Writes the header of a panel, see Format::kNanColumns. `any_nan`: whether the panel has any.
template <std::int64_t kPanel>
inline void write_nan_columns(const PackBArgs& args, std::int64_t first_column, bool any_nan,
                              std::byte* panel) {
  std::array<float, std::size_t{kPanel}> nan_columns{};
  for (std::int64_t j = 0; any_nan && j < std::min(kPanel, args.n - first_column); ++j) {
    const auto* row = static_cast<const std::uint8_t*>(args.weights) + (first_column + j) * args.k;
    const bool nan =
        std::any_of(row, row + args.k, [](std::uint8_t code) { return (code & 0x7FU) == 0x7FU; });
    if (nan) nan_columns[static_cast<std::size_t>(j)] = std::numeric_limits<float>::quiet_NaN();
  }
  std::memcpy(panel, nan_columns.data(), sizeof(nan_columns));
}

/// Transposes cells: rows [16 columns][kCount weights] become to[cell][16 columns]. A cell is what
/// stays together in the packed form: the kDepth elements of a word, or of two interleaved words.
template <class Format, std::int64_t kCount>
struct Transpose {
  using S = SixteenBytes<Format>;
  using Stored = typename Format::Stored;
  static constexpr int kCellBytes =
      static_cast<int>(sizeof(Stored)) * Format::kDepth * (Format::kInterleaved ? 2 : 1);
  static_assert(kCellBytes == 2 || kCellBytes == 4);

  [[gnu::always_inline]] static void run(const Stored* const* rows, std::byte* to, __m128i& nans) {
    for (std::int64_t i = 0; i < kCount; i += S::kCount, to += 16 * 16) {
      if constexpr (kCellBytes == 2) {
        transpose_shorts(rows, i, to, nans);
      } else {
        transpose_words(rows, i, to, nans);
        transpose_words(rows + 8, i, to + 32, nans);
      }
    }
  }

 private:
  /// Sixteen bytes of two rows, `low` and `high`, in the halves of a vector.
  [[gnu::always_inline]] static __m256i load(const Stored* low, const Stored* high, __m128i& nans) {
    const __m256i both =
        _mm256_set_m128i(S::clean(S::load(high), nans), S::clean(S::load(low), nans));
    if constexpr (Format::kInterleaved && Format::kDepth == 2) {
      // Interleaves words of two elements: their elements 0 1 | 2 3 become 0 2 | 1 3.
      const __m128i order = _mm_set_epi8(15, 13, 14, 12, 11, 9, 10, 8, 7, 5, 6, 4, 3, 1, 2, 0);
      return _mm256_shuffle_epi8(both, _mm256_broadcastsi128_si256(order));
    }
    return both;
  }

  [[gnu::always_inline]] static void store(std::byte* to, __m256i cells) {
    _mm256_store_si256(reinterpret_cast<__m256i*>(to), cells);
  }

  /// [16 columns][8 cells of two bytes] to [8 cells][16 columns].
  [[gnu::always_inline]] static void transpose_shorts(const Stored* const* rows, std::int64_t i,
                                                      std::byte* to, __m128i& nans) {
    __m256i x[8];
    __m256i y[8];
    TWOFOUR_UNROLL for (int r = 0; r < 8; ++r) x[r] = load(rows[r] + i, rows[r + 8] + i, nans);
    TWOFOUR_UNROLL for (int r = 0; r < 4; ++r) {
      y[2 * r] = _mm256_unpacklo_epi16(x[2 * r], x[2 * r + 1]);      // cells 0..3 of two rows
      y[2 * r + 1] = _mm256_unpackhi_epi16(x[2 * r], x[2 * r + 1]);  // cells 4..7
    }
    TWOFOUR_UNROLL for (int h = 0; h < 2; ++h) {  // rows 4h..4h+3
      TWOFOUR_UNROLL for (int q = 0; q < 2; ++q) {
        x[4 * h + 2 * q] = _mm256_unpacklo_epi32(y[4 * h + q], y[4 * h + q + 2]);  // cells 4q, 4q+1
        x[4 * h + 2 * q + 1] =
            _mm256_unpackhi_epi32(y[4 * h + q], y[4 * h + q + 2]);  // cells 4q+2, 4q+3
      }
    }
    TWOFOUR_UNROLL for (int q = 0; q < 4; ++q) {
      store(to + 64 * q, _mm256_unpacklo_epi64(x[q], x[q + 4]));
      store(to + 64 * q + 32, _mm256_unpackhi_epi64(x[q], x[q + 4]));
    }
  }

  /// [8 columns][4 cells of four bytes] to [4 cells][8 of 16 columns].
  [[gnu::always_inline]] static void transpose_words(const Stored* const* rows, std::int64_t i,
                                                     std::byte* to, __m128i& nans) {
    __m256i x[4];
    TWOFOUR_UNROLL for (int r = 0; r < 4; ++r) x[r] = load(rows[r] + i, rows[r + 4] + i, nans);
    const __m256i low01 = _mm256_unpacklo_epi32(x[0], x[1]);
    const __m256i high01 = _mm256_unpackhi_epi32(x[0], x[1]);
    const __m256i low23 = _mm256_unpacklo_epi32(x[2], x[3]);
    const __m256i high23 = _mm256_unpackhi_epi32(x[2], x[3]);
    store(to, _mm256_unpacklo_epi64(low01, low23));
    store(to + 64, _mm256_unpackhi_epi64(low01, low23));
    store(to + 128, _mm256_unpacklo_epi64(high01, high23));
    store(to + 192, _mm256_unpackhi_epi64(high01, high23));
  }
};
