// Transposes of 4 x 4 values between the lanes of a warp.
#pragma once

namespace twofour::providers::cuda::sm90 {

/// Transposes the 4 x 4 values of four lanes that are kLaneStride apart, a row in each: afterwards
/// lane i of the four holds element i of every lane, in the order of the lanes.
template <int kLaneStride, class Value>
__device__ __forceinline__ void transpose_4x4(Value (&v)[4], int lane) {
  const bool odd = (lane & kLaneStride) != 0;
  const bool upper = (lane & 2 * kLaneStride) != 0;
#pragma unroll
  for (int i = 0; i < 4; i += 2) {
    const Value got = __shfl_xor_sync(0xFFFFFFFFu, odd ? v[i] : v[i + 1], kLaneStride);
    v[i] = odd ? got : v[i];
    v[i + 1] = odd ? v[i + 1] : got;
  }
#pragma unroll
  for (int i = 0; i < 2; ++i) {
    const Value got = __shfl_xor_sync(0xFFFFFFFFu, upper ? v[i] : v[i + 2], 2 * kLaneStride);
    v[i] = upper ? got : v[i];
    v[i + 2] = upper ? v[i + 2] : got;
  }
}

}  // namespace twofour::providers::cuda::sm90
