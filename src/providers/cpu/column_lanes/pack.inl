// Packing of weights, sixteen bytes of a row at a time. Vectors of 256 bits do for AVX-512 too:
// memory limits.

/// What compressing makes of two groups, by the mask of their non-zeros (bit i: value i is not
/// zero).
struct TwoGroupTables {
  std::array<std::uint8_t, 256> positions;  ///< nibbles i0 | i1 << 2 of both groups
  std::array<std::uint8_t, 256> pairs;  ///< nibbles with the number of the pair, as in kPairNumbers
  std::array<std::uint32_t, 256> byte_order;   ///< where the four kept values are among eight bytes
  std::array<std::uint64_t, 256> short_order;  ///< where their bytes are, of eight values of two
};

/// Numbers of the pairs of a group, by i0 | i1 << 2.
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

/// Weights of one format as packing sees them: sixteen bytes of a row.
template <class Format>
struct Sixteen {
  using Stored = typename Format::Stored;
  static constexpr bool kBytes = sizeof(Stored) == 1;
  static constexpr std::int64_t kCount = 16 / static_cast<std::int64_t>(sizeof(Stored));
  static constexpr int kCodeBits = static_cast<int>(kCount);  ///< of the codes: four for each group

  [[gnu::always_inline]] static __m128i load(const Stored* from) {
    return _mm_loadu_si128(reinterpret_cast<const __m128i*>(from));
  }

  /// Without NaN, where the format's code cannot express it; `nans` gathers whether there was one.
  [[gnu::always_inline]] static __m128i clean(__m128i codes, __m128i& nans) {
    if constexpr (!Format::kStarts) return codes;
    const __m128i magnitude = _mm_set1_epi8(0x7F);
    const __m128i nan = _mm_cmpeq_epi8(_mm_and_si128(codes, magnitude), magnitude);
    nans = _mm_or_si128(nans, nan);
    return _mm_andnot_si128(nan, codes);
  }

  /// Bit i: value i is not zero. The sign bit alone is -0.0, a zero, except in int8.
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

  /// Writes the eight bytes of the kept values and returns the groups' nibbles by `numbers`.
  [[gnu::always_inline]] static std::uint64_t compress(__m128i codes,
                                                       const std::array<std::uint8_t, 256>& numbers,
                                                       void* values, __m128i& nans) {
    const unsigned mask = non_zeros(codes);
    std::uint64_t order;
    std::uint64_t result = numbers[mask & 255U];
    if constexpr (kBytes) {
      const unsigned second = mask >> 8 & 255U;
      order = std::uint64_t{kTwoGroups.byte_order[mask & 255U]} |
              std::uint64_t{kTwoGroups.byte_order[second] + 0x08080808U} << 32U;
      result |= std::uint64_t{numbers[second]} << 8U;
    } else {
      order = kTwoGroups.short_order[mask & 255U];
    }
    const __m128i kept =
        _mm_shuffle_epi8(clean(codes, nans), _mm_cvtsi64_si128(static_cast<long long>(order)));
    _mm_storel_epi64(static_cast<__m128i*>(values), kept);
    return result;
  }
};

/// Compresses `kStretch` weights of a row into half as many values; returns a nibble for each
/// group.
template <class Format, std::int64_t kStretch>
[[gnu::always_inline]] inline std::uint64_t compress_stretch(
    const typename Format::Stored* from, const std::array<std::uint8_t, 256>& numbers, void* values,
    __m128i& nans) {
  using S = Sixteen<Format>;
  std::uint64_t codes = 0;
  TWOFOUR_UNROLL for (int i = 0; i < kStretch / S::kCount; ++i) {
    codes |= S::compress(S::load(from + i * S::kCount), numbers,
                         static_cast<std::byte*>(values) + 8 * i, nans)
             << i * S::kCodeBits;
  }
  return codes;
}

/// How far ahead of its reading position packing asks for each row.
inline constexpr std::int64_t kPackAheadBytes = 256;

/// Weights [k, k + kStretch) of a column's row of weights; those that do not exist are zeros, and
/// then `padded` holds them all.
template <std::int64_t kStretch, class Stored>
[[gnu::always_inline]] inline const Stored* stretch_of(const PackArgs& args, std::int64_t column,
                                                       std::int64_t k, Stored* padded) {
  const Stored* row = static_cast<const Stored*>(args.weights) + column * args.k + k;
  if (column < args.n && k + kStretch <= args.k) {
    // Rows lie far apart, too many for the processor to foresee.
    _mm_prefetch(reinterpret_cast<const char*>(row) + kPackAheadBytes, _MM_HINT_T0);
    return row;
  }
  std::fill_n(padded, kStretch, Stored{0});
  if (column < args.n) std::copy_n(row, args.k - k, padded);
  return padded;
}

/// What a panel with NaN among its weights begins with: NaN for their columns, else 0.
template <std::int64_t kPanel>
inline void write_starts(const PackArgs& args, std::int64_t first_column, bool any_nan,
                         std::byte* panel) {
  std::array<float, std::size_t{kPanel}> starts{};
  for (std::int64_t j = 0; any_nan && j < std::min(kPanel, args.n - first_column); ++j) {
    const auto* row = static_cast<const std::uint8_t*>(args.weights) + (first_column + j) * args.k;
    const bool nan =
        std::any_of(row, row + args.k, [](std::uint8_t code) { return (code & 0x7FU) == 0x7FU; });
    if (nan) starts[static_cast<std::size_t>(j)] = std::numeric_limits<float>::quiet_NaN();
  }
  std::memcpy(panel, starts.data(), sizeof(starts));
}

/// Turns sixteen rows of kCount weights into units of all columns: unit u of column j at to[u][j].
/// A unit is what lies together in the packed form: a word, or two interleaved ones.
template <class Format, std::int64_t kCount>
struct Turn {
  using S = Sixteen<Format>;
  using Stored = typename Format::Stored;
  static constexpr int kUnitBytes =
      static_cast<int>(sizeof(Stored)) * Format::kDepth * (Format::kInterleaved ? 2 : 1);
  static_assert(kUnitBytes == 2 || kUnitBytes == 4);

  [[gnu::always_inline]] static void run(const Stored* const* rows, std::byte* to, __m128i& nans) {
    for (std::int64_t i = 0; i < kCount; i += S::kCount, to += 16 * 16) {
      if constexpr (kUnitBytes == 2) {
        turn_shorts(rows, i, to, nans);
      } else {
        turn_words(rows, i, to, nans);
        turn_words(rows + 8, i, to + 32, nans);
      }
    }
  }

 private:
  /// Rows `low` and `high` in the halves of a vector.
  [[gnu::always_inline]] static __m256i load(const Stored* low, const Stored* high, __m128i& nans) {
    const __m256i both =
        _mm256_set_m128i(S::clean(S::load(high), nans), S::clean(S::load(low), nans));
    if constexpr (Format::kInterleaved && Format::kDepth == 2) {
      // Words of two take turns element by element.
      const __m128i order = _mm_set_epi8(15, 13, 14, 12, 11, 9, 10, 8, 7, 5, 6, 4, 3, 1, 2, 0);
      return _mm256_shuffle_epi8(both, _mm256_broadcastsi128_si256(order));
    }
    return both;
  }

  [[gnu::always_inline]] static void store(std::byte* to, __m256i units) {
    _mm256_store_si256(reinterpret_cast<__m256i*>(to), units);
  }

  /// Eight units of two bytes, of sixteen columns.
  [[gnu::always_inline]] static void turn_shorts(const Stored* const* rows, std::int64_t i,
                                                 std::byte* to, __m128i& nans) {
    __m256i x[8];
    __m256i y[8];
    TWOFOUR_UNROLL for (int r = 0; r < 8; ++r) x[r] = load(rows[r] + i, rows[r + 8] + i, nans);
    TWOFOUR_UNROLL for (int r = 0; r < 4; ++r) {
      y[2 * r] = _mm256_unpacklo_epi16(x[2 * r], x[2 * r + 1]);      // units 0..3 of two rows
      y[2 * r + 1] = _mm256_unpackhi_epi16(x[2 * r], x[2 * r + 1]);  // units 4..7
    }
    TWOFOUR_UNROLL for (int h = 0; h < 2; ++h) {  // rows 4h..4h+3
      TWOFOUR_UNROLL for (int q = 0; q < 2; ++q) {
        x[4 * h + 2 * q] = _mm256_unpacklo_epi32(y[4 * h + q], y[4 * h + q + 2]);  // units 4q, 4q+1
        x[4 * h + 2 * q + 1] =
            _mm256_unpackhi_epi32(y[4 * h + q], y[4 * h + q + 2]);  // units 4q+2, 4q+3
      }
    }
    TWOFOUR_UNROLL for (int q = 0; q < 4; ++q) {
      store(to + 64 * q, _mm256_unpacklo_epi64(x[q], x[q + 4]));
      store(to + 64 * q + 32, _mm256_unpackhi_epi64(x[q], x[q + 4]));
    }
  }

  /// Four units of four bytes, of eight columns.
  [[gnu::always_inline]] static void turn_words(const Stored* const* rows, std::int64_t i,
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
