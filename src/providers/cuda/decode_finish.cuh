// What both families of decode kernels do with a finished sum.
#pragma once

#include <cuda_bf16.h>
#include <cuda_fp16.h>

#include <cstdint>

namespace twofour::providers::cuda {

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

/// Where a row of D [.][n] goes, from column `row` on.
struct Destination {
  std::uint16_t* d;
  int n;
  int row;
  bool fp16;
};

/// Scales four sums of a token, adds the bias and stores those that are inside D.
template <class Vector>
__device__ __forceinline__ void finish_four(const Destination& to, const Vector& sum, float scale_a,
                                            const float4& scale_b, const float4& bias) {
  const auto finish = [&](auto value, float scale, float addend) {
    return output_bits(fmaf(scale, scale_a * static_cast<float>(value), addend), to.fp16);
  };
  const ushort4 out = {finish(sum.x, scale_b.x, bias.x), finish(sum.y, scale_b.y, bias.y),
                       finish(sum.z, scale_b.z, bias.z), finish(sum.w, scale_b.w, bias.w)};
  if (to.n % 4 == 0) {
    *reinterpret_cast<ushort4*>(to.d + to.row) = out;
  } else {
    const std::uint16_t values[4] = {out.x, out.y, out.z, out.w};
    for (int i = 0; i < 4 && to.row + i < to.n; ++i) to.d[to.row + i] = values[i];
  }
}

}  // namespace twofour::providers::cuda
