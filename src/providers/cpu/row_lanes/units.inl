// What the Units of kernel.inl have in common, made from the vectors V of an instruction set (see
// avx2/vectors.h).

template <class V>
struct RowUnit {
  using Vectors = V;
  static constexpr int kLanes = V::kLanes;
  [[gnu::always_inline]] static const std::byte* address(const std::byte* choice) { return choice; }
};

/// Sums in float32.
template <class V>
struct RowFloats : RowUnit<V> {
  using Sum = typename V::Floats;
  using Scalar = float;
  [[gnu::always_inline]] static Sum zero() { return V::zero(); }
  [[gnu::always_inline]] static Sum load_sum(const std::uint32_t* from) {
    return V::load(reinterpret_cast<const float*>(from));
  }
  [[gnu::always_inline]] static void store_sum(std::uint32_t* to, Sum sum) {
    V::store(reinterpret_cast<float*>(to), sum);
  }
  [[gnu::always_inline]] static Sum to_float(Sum sum) { return sum; }
};

/// Products of single float32.
template <class V>
struct RowSingles : RowFloats<V> {
  [[gnu::always_inline]] static void choices(const std::byte* activations, std::int64_t stride,
                                             std::byte* to, std::int64_t choice_stride) {
    TWOFOUR_UNROLL for (int i = 0; i < 4; ++i) {
      V::store_ints(to + i * choice_stride, V::load_ints(activations + i * stride));
    }
  }
  [[gnu::always_inline]] static void add(typename V::Floats& sum, const std::byte* choice,
                                         typename V::Ints word) {
    V::multiply_add(sum, V::load(reinterpret_cast<const float*>(choice)), V::as_floats(word));
  }
};

/// Choices of pairs of shorts.
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
