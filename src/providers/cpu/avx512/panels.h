// How many panels a tile of the column-lanes kernels takes at once. For files compiled with AVX-512
// only.
#pragma once

namespace twofour::providers::cpu::avx512 {

/// With few rows several panels: memory gives more to several streams of addresses than to one, and
/// the sums of one panel alone would make each product wait for the last.
struct Panels {
  [[gnu::always_inline]] static constexpr int panels_at_once(int rows) {
    return rows <= 4 ? 4 : rows <= 8 ? 2 : 1;
  }
};

}  // namespace twofour::providers::cpu::avx512
