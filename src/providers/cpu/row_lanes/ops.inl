// What the Ops of kernel.inl have in common between instruction sets. V are the vectors of one
// (avx2/vectors.h, avx512/vectors.h).

template <class V>
struct RowOps {
  using Vectors = V;
  static constexpr int kLanes = V::kLanes;
  [[gnu::always_inline]] static const std::byte* address(const std::byte* choice) { return choice; }
};

/// Accumulators in float32.
template <class V>
struct RowFloats : RowOps<V> {
  using Accumulator = typename V::Floats;
  using Scalar = float;
  [[gnu::always_inline]] static Accumulator zero() { return V::zero(); }
  [[gnu::always_inline]] static Accumulator load_accumulator(const std::uint32_t* from) {
    return V::load(reinterpret_cast<const float*>(from));
  }
  [[gnu::always_inline]] static void store_accumulator(std::uint32_t* to, Accumulator accumulator) {
    V::store(reinterpret_cast<float*>(to), accumulator);
  }
  [[gnu::always_inline]] static Accumulator to_float(Accumulator accumulator) {
    return accumulator;
  }
};

/// One float32 to a word.
template <class V>
struct RowSingles : RowFloats<V> {
  [[gnu::always_inline]] static void choices(const std::byte* activations, std::int64_t stride,
                                             std::byte* to, std::int64_t choice_stride) {
    TWOFOUR_UNROLL for (int i = 0; i < 4; ++i) {
      V::store_ints(to + i * choice_stride, V::load_ints(activations + i * stride));
    }
  }
  [[gnu::always_inline]] static void add(typename V::Floats& accumulator, const std::byte* choice,
                                         typename V::Ints word) {
    V::multiply_add(accumulator, V::load(reinterpret_cast<const float*>(choice)),
                    V::as_floats(word));
  }
};

/// Choices for words of two 16-bit elements: the six pairs of kPairOrder.
template <class V>
[[gnu::always_inline]] inline void pair_choices(const std::byte* activations, std::int64_t stride,
                                                std::byte* to, std::int64_t choice_stride) {
  typename V::Ints four[4];
  TWOFOUR_UNROLL for (int i = 0; i < 4; ++i) four[i] = V::widen_shorts(activations + i * stride);
  for (const auto [first, second] : kPairOrder) {
    V::store_ints(to, V::join_shorts(four[first], four[second]));
    to += choice_stride;
  }
}
