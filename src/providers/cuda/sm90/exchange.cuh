// Values change places among the lanes of a warp.
#pragma once

namespace twofour::providers::cuda::sm90 {

/// Four lanes that are kApart apart hold four values each; afterwards the first of them has every
/// lane's first value, in their order, and so on.
template <int kApart, class Value>
__device__ __forceinline__ void exchange_four(Value (&v)[4], int lane) {
  const bool odd = (lane & kApart) != 0;
  const bool upper = (lane & 2 * kApart) != 0;
#pragma unroll
  for (int i = 0; i < 4; i += 2) {
    const Value got = __shfl_xor_sync(0xFFFFFFFFu, odd ? v[i] : v[i + 1], kApart);
    v[i] = odd ? got : v[i];
    v[i + 1] = odd ? v[i + 1] : got;
  }
#pragma unroll
  for (int i = 0; i < 2; ++i) {
    const Value got = __shfl_xor_sync(0xFFFFFFFFu, upper ? v[i] : v[i + 2], 2 * kApart);
    v[i] = upper ? got : v[i];
    v[i + 2] = upper ? v[i + 2] : got;
  }
}

}  // namespace twofour::providers::cuda::sm90
