// How many panels a micro-kernel of the column-lanes kernels takes at once. For files compiled with
// AVX-512 only.
#pragma once

namespace twofour::providers::cpu::avx512 {

/// With few rows several panels: memory bandwidth is higher over several streams of addresses than
/// over one, and one panel alone has too few accumulators to hide the latency of a product.
struct Panels {
  [[gnu::always_inline]] static constexpr int panels_at_once(int rows) {
    return rows <= 4 ? 4 : rows <= 8 ? 2 : 1;
  }
};

}  // namespace twofour::providers::cpu::avx512
