// What the row-lanes kernels of AVX-512 have in common. For files compiled with AVX-512 only.
#pragma once

#include <immintrin.h>

#include <cstddef>
#include <cstdint>
#include <cstring>

namespace twofour::providers::cpu::avx512 {

struct Blocking {
  static constexpr int kBlockRows = 64;
  static constexpr int kSpareRows = 0;
  static constexpr std::int64_t kTableBytes = 25 * 1024;
  static constexpr std::int64_t kAccumulatorBytes = 512 * 1024;
  static constexpr std::int64_t kGroupBlocks = 8;
  /// Enough accumulators to hide that a product's result can be added to only after six cycles.
  [[gnu::always_inline]] static constexpr int batch(int vectors) { return vectors == 1 ? 8 : 4; }
};

/// Broadcasts each word by a load of its own. On Intel, with bf16 and fp8, that is 1.1 to 1.2 times
/// as fast as one load of four words and shuffles (SpreadWords in avx2/row_lanes.cpp).
template <class Base>
struct LoadedWords : Base {
  using Four = const std::byte*;
  [[gnu::always_inline]] static Four four(const std::byte* words) { return words; }
  template <int i>
  [[gnu::always_inline]] static __m512i word(Four four) {
    std::int32_t one;
    std::memcpy(&one, four + 4 * i, sizeof(one));
    return _mm512_set1_epi32(one);
  }
};

}  // namespace twofour::providers::cpu::avx512
