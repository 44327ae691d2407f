// The epilogue of both families of decode kernels: D = scale_b * (scale_a * accumulator) + bias in
// float32, rounded once to the output type.
#pragma once

#include <cuda_bf16.h>
#include <cuda_fp16.h>

#include <cstdint>

#include "providers/cuda/sm90/decode.h"

namespace twofour::providers::cuda::sm90 {

/// The bits of `value` rounded to fp16 or bfloat16.
__device__ __forceinline__ std::uint16_t output_bits(float value, bool fp16) {
  return fp16 ? __half_as_ushort(__float2half_rn(value))
              : __bfloat16_as_ushort(__float2bfloat16_rn(value));
}

/// Element `row` of bias [n]; 0 without a bias.
__device__ __forceinline__ float bias_at(const void* bias, int row, bool fp16) {
  if (bias == nullptr) return 0.0f;
  return fp16 ? __half2float(static_cast<const __half*>(bias)[row])
              : __bfloat162float(static_cast<const __nv_bfloat16*>(bias)[row]);
}

/// scale_a of row `m` of A; 0 beyond the last row. The previous kernel of the stream may have
/// written it, so it is read after wait_for_previous_kernel().
__device__ __forceinline__ float row_scale(const DecodeArguments& io, int m) {
  return m < io.m ? io.scale_a[io.scale_a_per_row ? m : 0] : 0.0f;
}

/// Loads scale_b and bias of `rows` rows of W to vectors[2][rows] in shared memory, as float32.
/// They are constants of the layer, as the weights are, so the previous kernel need not have
/// finished.
__device__ __forceinline__ void load_channel_vectors(const DecodeArguments& io, int first_row,
                                                     int rows, float* vectors) {
  for (int i = static_cast<int>(threadIdx.x); i < rows; i += static_cast<int>(blockDim.x)) {
    const int row = first_row + i;
    const bool inside = row < io.n;
    vectors[i] = inside ? io.scale_b[io.scale_b_per_channel ? row : 0] : 0.0f;
    vectors[rows + i] = inside ? bias_at(io.bias, row, io.fp16_output) : 0.0f;
  }
}

/// Four accumulators as one 16-byte vector.
template <class Accumulator>
struct AccumulatorVector;
template <>
struct AccumulatorVector<float> {
  using Type = float4;
};
template <>
struct AccumulatorVector<std::int32_t> {
  using Type = int4;
};

/// sum += part. `part` is passed by value so that it is loaded as one vector.
template <class Vector>
__device__ __forceinline__ void add_four(Vector& sum, Vector part) {
  sum.x += part.x;
  sum.y += part.y;
  sum.z += part.z;
  sum.w += part.w;
}

/// The epilogue of D[m][row .. row + 3]; elements beyond N are not stored.
template <class Vector>
__device__ __forceinline__ void store_four(const DecodeArguments& io, int m, int row,
                                           const Vector& sum, float scale_a, const float4& scale_b,
                                           const float4& bias) {
  const auto scaled = [&](auto value, float scale, float addend) {
    return output_bits(fmaf(scale, scale_a * static_cast<float>(value), addend), io.fp16_output);
  };
  std::uint16_t* to = static_cast<std::uint16_t*>(io.d) + std::int64_t{m} * io.n + row;
  const ushort4 out = {scaled(sum.x, scale_b.x, bias.x), scaled(sum.y, scale_b.y, bias.y),
                       scaled(sum.z, scale_b.z, bias.z), scaled(sum.w, scale_b.w, bias.w)};
  if (io.n % 4 == 0) {
    *reinterpret_cast<ushort4*>(to) = out;
  } else {
    const std::uint16_t values[4] = {out.x, out.y, out.z, out.w};
    for (int i = 0; i < 4 && row + i < io.n; ++i) to[i] = values[i];
  }
}

}  // namespace twofour::providers::cuda::sm90
