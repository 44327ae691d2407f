// What the Ops of micro_kernel.inl have in common between instruction sets. V are the vectors of
// one (avx2/vectors.h, avx512/vectors.h); kCount of them hold sixteen columns.

/// Accumulators in float32.
template <class V, int kCount>
struct ColumnFloats {
  static constexpr int kVectors = kCount;
  static constexpr int kProducts = 32;
  static constexpr bool kPanelsInside = false;
  static constexpr std::int64_t kVectorBytes = V::kLanes * 4;
  using Accumulator = typename V::Floats;
  using Indices = typename V::Ints;
  [[gnu::always_inline]] static Accumulator zero() { return V::zero(); }
  [[gnu::always_inline]] static void add_nan_columns(const std::byte* panel,
                                                     Accumulator* accumulators) {
    TWOFOUR_UNROLL for (int v = 0; v < kCount; ++v) {
      accumulators[v] = V::add(accumulators[v],
                               V::load(reinterpret_cast<const float*>(panel + v * kVectorBytes)));
    }
  }
  [[gnu::always_inline]] static Indices indices(const std::byte* step, std::size_t vector) {
    return V::load_ints(step + static_cast<std::int64_t>(vector) * kVectorBytes);
  }
  [[gnu::always_inline]] static void store(const ColumnEpilogue& epilogue, std::int64_t row,
                                           const Accumulator* accumulators) {
    epilogue.store(row, accumulators);
  }
};

/// One float32 to a word.
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
  /// V::choose looks only at the low two bits of each lane, so the indices need no mask.
  [[gnu::always_inline]] static Control control(Control indices) { return indices; }
  [[gnu::always_inline]] static Control next(Control indices) {
    return V::template shift_right<2>(indices);
  }
  [[gnu::always_inline]] static Word select(Word group, Control control) {
    return V::choose(group, control);
  }
  [[gnu::always_inline]] static void add(Word& accumulator, Word activations, Word word) {
    V::multiply_add(accumulator, activations, word);
  }
};
