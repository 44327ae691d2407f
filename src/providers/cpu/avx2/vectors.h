// The operations on vectors of 32-bit lanes from which kernels of several instruction sets are
// made; avx512/vectors.h has the same ones. For files compiled with AVX2 and FMA only.
#pragma once

#include <immintrin.h>

#include <cstddef>
#include <cstdint>

namespace twofour::providers::cpu::avx2 {

struct Vectors {
  static constexpr int kLanes = 8;
  using Floats = __m256;
  using Ints = __m256i;

  [[gnu::always_inline]] static Floats zero() { return _mm256_setzero_ps(); }
  [[gnu::always_inline]] static Floats all(float value) { return _mm256_set1_ps(value); }
  [[gnu::always_inline]] static Floats load(const float* from) { return _mm256_loadu_ps(from); }
  [[gnu::always_inline]] static void store(float* to, Floats values) {
    _mm256_storeu_ps(to, values);
  }
  [[gnu::always_inline]] static Floats add(Floats a, Floats b) { return _mm256_add_ps(a, b); }
  /// accumulator += a * b
  [[gnu::always_inline]] static void multiply_add(Floats& accumulator, Floats a, Floats b) {
    accumulator = _mm256_fmadd_ps(a, b, accumulator);
    asm("" : "+x"(accumulator));  // keeps it in one register, see avx512/vectors.h
  }
  /// Lane i of the result is, within its group of four lanes, the one that the low two bits of lane
  /// i of `indices` name.
  [[gnu::always_inline]] static Floats choose(Floats values, Ints indices) {
    return _mm256_permutevar_ps(values, indices);
  }
  [[gnu::always_inline]] static Floats repeat_four(const float* from) {
    return _mm256_broadcast_ps(reinterpret_cast<const __m128*>(from));
  }

  [[gnu::always_inline]] static Floats as_floats(Ints bits) { return _mm256_castsi256_ps(bits); }
  [[gnu::always_inline]] static Ints load_ints(const std::byte* from) {
    return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(from));
  }
  [[gnu::always_inline]] static void store_ints(std::byte* to, Ints values) {
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(to), values);
  }
  /// kLanes unsigned 16-bit values, widened to 32 bits.
  [[gnu::always_inline]] static Ints widen_shorts(const std::byte* from) {
    return _mm256_cvtepu16_epi32(_mm_loadu_si128(reinterpret_cast<const __m128i*>(from)));
  }
  template <int kBits>
  [[gnu::always_inline]] static Ints shift_right(Ints values) {
    return _mm256_srli_epi32(values, kBits);
  }
  /// Lanes with the 16-bit value of `low` in the low half and that of `high` in the high half.
  [[gnu::always_inline]] static Ints join_shorts(Ints low, Ints high) {
    return _mm256_or_si256(low, _mm256_slli_epi32(high, 16));
  }
};

}  // namespace twofour::providers::cpu::avx2
