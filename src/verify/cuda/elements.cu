// Chosen elements of a product and of D. A plain kernel of its own: it shares nothing with the
// kernels that are verified.
#include <cuda_runtime.h>

#include <algorithm>
#include <cstdint>

#include "device/cuda/error.h"
#include "operands/fill.h"
#include "verify/cuda/elements.h"

namespace twofour::verify::cuda {
namespace {

constexpr int kThreads = 256;
constexpr int kWarp = 32;
constexpr std::int64_t kMostBlocks = std::int64_t{1} << 20;

using device::cuda::check;
using operands::Format;

template <class T>
__device__ T sum_over_warp(T value) {
  for (int distance = kWarp / 2; distance > 0; distance /= 2) {
    value += __shfl_xor_sync(0xFFFFFFFFu, value, distance);
  }
  return value;
}

/// A warp adds up one element at a time. A product of two operands is exact in float32, and an
/// int8 sum in int64; which lane adds what depends on k alone.
template <DataType kType>
__global__ void __launch_bounds__(kThreads)
    add_up_kernel(ElementSites sites, const typename Format<kType>::Code* a,
                  const typename Format<kType>::Code* b, std::int64_t k, double* sums,
                  float* magnitudes) {
  const int lane = threadIdx.x % kWarp;
  const std::int64_t stride = std::int64_t{gridDim.x} * (kThreads / kWarp);
  std::int64_t e = std::int64_t{blockIdx.x} * (kThreads / kWarp) + threadIdx.x / kWarp;
  for (; e < sites.count; e += stride) {
    const auto* row = a + sites.rows[e] * k;
    const auto* column = b + sites.columns[e] * k;
    if constexpr (is_integer(kType)) {
      long long sum = 0;
      for (std::int64_t i = lane; i < k; i += kWarp) {
        sum += static_cast<std::int32_t>(static_cast<std::int8_t>(row[i])) *
               static_cast<std::int8_t>(column[i]);
      }
      sum = sum_over_warp(sum);
      if (lane == 0) sums[e] = static_cast<double>(sum);
    } else {
      double sum = 0;
      double magnitude = 0;
      for (std::int64_t i = lane; i < k; i += kWarp) {
        const float product = Format<kType>::decode(row[i]) * Format<kType>::decode(column[i]);
        sum += static_cast<double>(product);
        magnitude += static_cast<double>(fabsf(product));
      }
      sum = sum_over_warp(sum);
      magnitude = sum_over_warp(magnitude);
      if (lane == 0) {
        sums[e] = sum;
        magnitudes[e] = static_cast<float>(magnitude);
      }
    }
  }
}

__global__ void gather_kernel(ElementSites sites, const std::uint16_t* d, std::int64_t n,
                              std::uint16_t* codes) {
  const std::int64_t stride = std::int64_t{gridDim.x} * kThreads;
  for (std::int64_t e = std::int64_t{blockIdx.x} * kThreads + threadIdx.x; e < sites.count;
       e += stride) {
    codes[e] = d[sites.rows[e] * n + sites.columns[e]];
  }
}

unsigned blocks_for(std::int64_t threads) {
  return static_cast<unsigned>(
      std::clamp<std::int64_t>((threads + kThreads - 1) / kThreads, 1, kMostBlocks));
}

}  // namespace

void add_up_elements(DataType type, const ElementSites& sites, const void* a, const void* b,
                     std::int64_t k, double* sums, float* magnitudes, cudaStream_t stream) {
  with_operand_type(type, [&]<DataType kType>() {
    using Code = typename Format<kType>::Code;
    add_up_kernel<kType><<<blocks_for(sites.count * kWarp), kThreads, 0, stream>>>(
        sites, static_cast<const Code*>(a), static_cast<const Code*>(b), k, sums, magnitudes);
  });
  check(cudaGetLastError(), "launch the kernel that adds up the reference");
}

void gather_elements(const ElementSites& sites, const void* d, std::int64_t n, std::uint16_t* codes,
                     cudaStream_t stream) {
  gather_kernel<<<blocks_for(sites.count), kThreads, 0, stream>>>(
      sites, static_cast<const std::uint16_t*>(d), n, codes);
  check(cudaGetLastError(), "launch the kernel that collects elements of a result");
}

}  // namespace twofour::verify::cuda
