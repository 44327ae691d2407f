// What both families of decode kernels do with a finished sum.
#pragma once

#include <cuda_bf16.h>
#include <cuda_fp16.h>

#include <cstdint>

#include "providers/cuda/sm90/decode.h"

namespace twofour::providers::cuda::sm90 {

__device__ __forceinline__ std::uint16_t output_bits(float value, bool fp16) {
  return fp16 ? __half_as_ushort(__float2half_rn(value))
              : __bfloat16_as_ushort(__float2bfloat16_rn(value));
}

/// Element `row` of a bias of the output type; 0 without a bias.
__device__ __forceinline__ float bias_at(const void* bias, int row, bool fp16) {
  if (bias == nullptr) return 0.0f;
  return fp16 ? __half2float(static_cast<const __half*>(bias)[row])
              : __bfloat162float(static_cast<const __nv_bfloat16*>(bias)[row]);
}

/// The scale of a token, which the kernel before may have written; 0 beyond m.
__device__ __forceinline__ float token_scale(const DecodeArguments& io, int token) {
  return token < io.m ? io.scale_a[io.scale_a_per_token ? token : 0] : 0.0f;
}

/// scale_b[rows] and bias[rows] as floats, which are constant as weights are.
__device__ __forceinline__ void load_row_vectors(const DecodeArguments& io, int first_row, int rows,
                                                 float* vectors) {
  for (int i = static_cast<int>(threadIdx.x); i < rows; i += static_cast<int>(blockDim.x)) {
    const int row = first_row + i;
    const bool inside = row < io.n;
    vectors[i] = inside ? io.scale_b[io.scale_b_per_channel ? row : 0] : 0.0f;
    vectors[rows + i] = inside ? bias_at(io.bias, row, io.fp16_output) : 0.0f;
  }
}

template <class Sum>
struct SumVector;
template <>
struct SumVector<float> {
  using Type = float4;
};
template <>
struct SumVector<std::int32_t> {
  using Type = int4;
};

/// `part` comes by value so that it is loaded as one vector.
template <class Vector>
__device__ __forceinline__ void add_four(Vector& sum, Vector part) {
  sum.x += part.x;
  sum.y += part.y;
  sum.z += part.z;
  sum.w += part.w;
}

/// Scales four sums of a token, from row `row` of the weight on, adds the bias and stores those
/// that are inside D.
template <class Vector>
__device__ __forceinline__ void finish_four(const DecodeArguments& io, int token, int row,
                                            const Vector& sum, float scale_a, const float4& scale_b,
                                            const float4& bias) {
  const auto finish = [&](auto value, float scale, float addend) {
    return output_bits(fmaf(scale, scale_a * static_cast<float>(value), addend), io.fp16_output);
  };
  std::uint16_t* to = static_cast<std::uint16_t*>(io.d) + std::int64_t{token} * io.n + row;
  const ushort4 out = {finish(sum.x, scale_b.x, bias.x), finish(sum.y, scale_b.y, bias.y),
                       finish(sum.z, scale_b.z, bias.z), finish(sum.w, scale_b.w, bias.w)};
  if (io.n % 4 == 0) {
    *reinterpret_cast<ushort4*>(to) = out;
  } else {
    const std::uint16_t values[4] = {out.x, out.y, out.z, out.w};
    for (int i = 0; i < 4 && row + i < io.n; ++i) to[i] = values[i];
  }
}

}  // namespace twofour::providers::cuda::sm90
