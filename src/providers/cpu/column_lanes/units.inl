// What the Units of tile.inl have in common, made from the vectors V of an instruction set (see
// avx2/vectors.h), kCount of them for sixteen columns.

/// Sums in float32.
template <class V, int kCount>
struct ColumnFloats {
  static constexpr int kVectors = kCount;
  static constexpr int kProducts = 32;
  static constexpr bool kPanelsInside = false;
  static constexpr std::int64_t kVectorBytes = V::kLanes * 4;
  using Sum = typename V::Floats;
  using Indices = typename V::Ints;
  [[gnu::always_inline]] static Sum zero() { return V::zero(); }
  [[gnu::always_inline]] static void add_starts(const std::byte* panel, Sum* sums) {
    TWOFOUR_UNROLL for (int v = 0; v < kCount; ++v) {
      sums[v] = V::add(sums[v], V::load(reinterpret_cast<const float*>(panel + v * kVectorBytes)));
    }
  }
  [[gnu::always_inline]] static Indices indices(const std::byte* step, std::size_t vector) {
    return V::load_ints(step + static_cast<std::int64_t>(vector) * kVectorBytes);
  }
  [[gnu::always_inline]] static void store(const ColumnEpilogue& epilogue, std::int64_t row,
                                           const Sum* sums) {
    epilogue.store(row, sums);
  }
};

/// Products of single float32.
template <class V, int kCount>
struct ColumnSingles : ColumnFloats<V, kCount> {
  static constexpr int kLoadWords = 2;
  using Word = typename V::Floats;
  using Control = typename V::Ints;
  [[gnu::always_inline]] static Word broadcast(const std::byte* activations) {
    float one;
    std::memcpy(&one, activations, sizeof(one));
    return V::all(one);
  }
  [[gnu::always_inline]] static Word group(const std::byte* activations) {
    return V::repeat_four(reinterpret_cast<const float*>(activations));
  }
  /// The choice looks at the low two bits of each index alone.
  [[gnu::always_inline]] static Control control(Control indices) { return indices; }
  [[gnu::always_inline]] static Control next(Control indices) {
    return V::template shift_right<2>(indices);
  }
  [[gnu::always_inline]] static Word select(Word group, Control control) {
    return V::choose(group, control);
  }
  [[gnu::always_inline]] static void add(Word& sum, Word activations, Word word) {
    V::multiply_add(sum, activations, word);
  }
};
